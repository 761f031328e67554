"""The first manifest that `podctl init` writes."""

from __future__ import annotations

from typing import Final

STARTER: Final = """\
# A pod: one agent, what it may touch, and what answers.
# Every key and its default: docs/manifest.md. Is it right? podctl manifest check FILE

[pod]
# name = "reviewer"              # default: this file's name
description = "reads what is here, writes to notes/"
workdir = "."                    # relative to this file

[model]
# The key is read from OPENAI_API_KEY when the pod starts.
ref = "openai_chat/gpt-5-mini"

# Or any server that speaks the same language; on this machine it needs no key.
# Take out the line above, then for example:
# ref = "openai_chat/qwen3:8b"
# base_url = "http://127.0.0.1:11434/v1"

[agent]
# instruction = "prompt.md"      # default: "$builtin/default"
# input = "What is this project?" # for a spawn without a prompt
max_steps = 50                   # model requests in one turn

[scope]
# Relative to workdir. No two pods may write to one place at a time.
read = ["."]
write = ["notes"]                # made if it is not there; inside it, reading too
# read_only = ["notes/final"]    # a hole in what is writable
# hidden = ["secrets"]           # a hole in both

[tools]
allow = ["read_file", "write_file", "edit_file", "glob", "grep", "bash"]

[sandbox]
# Commands touch what [scope] says, system directories and what is on PATH; besides:
# read = ["~/.cargo"]
# network = "deny"

[permissions]
# For what people want to decide about. The first rule that matches counts.
# rules = [{ tool = "bash", match = "git push*", action = "ask" }]
"""
