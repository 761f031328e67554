"""What a command may touch, held by the kernel: a launcher, namespaces, a plan."""
