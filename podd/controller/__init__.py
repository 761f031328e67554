"""A pod's socket: connections, dispatch, subscriptions. No state of the pod."""
