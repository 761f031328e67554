"""A rule about a command holds however the command is written."""

from __future__ import annotations

import pytest

from podd.core.permission import PermissionRule, PermissionSet
from podd.policy.permissions import Permissions

ASKS = Permissions(
    [
        PermissionSet(
            pod="p",
            workdir="/w",
            rules=(PermissionRule(tool="bash", match="git push*", action="ask"),),
        )
    ]
)

PUSHES = [
    "git push",
    "git push origin main",
    "  git   push",
    "git\tpush",
    "git \\\n push",
    "cd x && git push",
    "cd x; git push",
    "cd x\ngit push",
    "true || git push",
    "true | git push",
    "true |& git push",
    "git push &",
    "sleep 1& git push",
    "! git push",
    "(git push)",
    "{ git push; }",
    # Around the program.
    "FOO=1 git push",
    "A=1 B='x y' C+=2 git push",
    "sudo git push",
    "sudo -u web -- git push",
    "env -i A=1 git push",
    "nohup git push &",
    "time -p git push",
    "timeout 5 git push",
    "command git push",
    "builtin command git push",
    "exec -a x git push",
    "coproc git push",
    "coproc N { git push; }",
    "nice -n 5 sudo env X=1 git push",
    "find . -exec git push \\;",
    "xargs git push < f",
    "echo push | xargs git",
    "echo x | xargs -I{} sh -c 'git push {}'",
    # Options of the program's own.
    "git -C sub push",
    "git --no-pager -c a=b push origin",
    "/usr/bin/git push",
    "../bin/git push",
    '"$HOME"/bin/git push',
    # Quotes.
    "g'i't push",
    'g"i"t pu""sh',
    "g\\it pu\\sh",
    '"git" "push"',
    "\\git push",
    "gi\\\nt push",
    "$'git' push",
    "$'\\x67it' push",
    # Names that are only known when they run.
    "$X push",
    "git $CMD",
    "git ${CMD}",
    "git $(echo push)",
    "gi? push",
    "git pus[h]",
    "{git,push}",
    "git pus{h,}",
    'X="git push"; $X',
    "for c in 'git push'; do $c; done",
    # Substitutions.
    "$(git push)",
    "echo `git push`",
    "echo `echo \\`git push\\``",
    'echo "$(git push)"',
    'echo "a `git push` b"',
    "echo $(echo $(git push))",
    "cat <(git push)",
    "tee >(git push)",
    "${X:-$(git push)}",
    '"${X:-`git push`}"',
    "echo $((1+$(git push)))",
    "[[ $(git push) ]]",
    "A=$(git push)",
    "cat <<EOF\n$(git push)\nEOF",
    "x=(a $(git push))",
    # Statements.
    "if true; then git push; fi",
    "if git push; then :; fi",
    "if false; then :; elif git push; then :; else git push; fi",
    "while ! git push; do :; done",
    "for x in 1; do git push; done",
    "for x do git push; done",
    "for x do case y in a) git push;; esac; done",
    "case x in a) git push;; esac",
    "case x in a|b) :;; *) git push;; esac",
    "case x in (a) git push;; esac",
    "case x in\n*)\ngit push\n;;\nesac",
    "f() { git push; }; f",
    "function f { git push; }; f",
    "function f() { git push; }; f",
    # Redirections.
    "> out git push",
    "2>&1 git push",
    "{fd}>x git push",
    "git push > /dev/null 2>&1",
    "git &> f push",
    "ls &> f git push",
    "git >a push",
    # Lines in lines.
    'bash -c "git push"',
    "sh -c 'cd x; git push'",
    "bash -lc 'cd x && git push'",
    'bash -c "cd $X && git push"',
    "bash -c \"bash -c 'git push'\"",
    'sh -c "$CMD"',
    "eval git push",
    'eval "git push"',
    'eval "$CMD"',
    "trap 'git push' EXIT",
    "alias p='git push'",
    "ssh host git push",
    "su web -c 'git push'",
    "watch 'git push'",
    "echo git push | sh",
    "printf 'git push' | sudo bash",
    "echo 'cd x; git push' | bash -s",
    "echo git push | $SHELL",
    "bash <<EOF\ngit push\nEOF",
    "bash <<'EOF'\ncd x\n  git push\nEOF",
    "sh <<< 'git push'",
    ". /dev/stdin <<< 'git push'",
    "cat <<EOF | sh\ngit push\nEOF",
    "source <(echo git push)",
    "x='a[$(git push)]'; ((x))",
    "x='$(git push)'; echo ${x@P}",
    # Where text seems to be hidden.
    "echo a#b; git push",
    "# x\ngit push",
    "echo '#' ; git push",
    "echo $# ; git push",
    "echo ${#x} ; git push",
    "cat <<'EOF'\nx\nEOF\ngit push",
    "cat <<-EOF\n\tx\n\tEOF\ngit push",
    "cat <<A <<B\n'\nA\n'\nB\ngit push",
    "cat <<EOF\nfoo\\\nEOF\n'\nEOF\ngit push\n'",
    "echo 'a\nb'; git push",
    "git push\necho 'not closed",
    "(( # )); git push\n))",
    "(( x = 1 << EOF ))\ngit push\nEOF",
    "a[1<<EOF]=3\ngit push\nEOF",
    "[[ a == # ]]; git push",
    "echo $[ 1 << EOF ]\ngit push\nEOF",
    'echo "$(echo case)" ; git push ; echo "; esac )"',
    'echo "$(case x in a) git push;; esac)"',
    'echo "$(a=(\ncase\n))" ; git push ; echo ")"',
    'echo "$([[ a == b || case ]] )" ; git push ; echo ")"',
    'echo "${x:-\'}"; git push; echo "\'}"',
    "echo $'\\'; git push; echo '",
    "a;git push;b",
    "echo \\' ; git push ; echo \\'",
    'echo "\\"" ; git push ; echo "\\""',
    "echo case x in; git push",
    "cat <<EOF $(\ngit push\n)\nEOF",
    "${ git push; }",
    # Found by breaking lines at random, and by breaking this room.
    "trap$x 'git push' EXIT",
    "eval$x git push",
    "cat <<EO\\\nF\n$(git push)\nEOF",
    "ech[ 1 << EOF ]\ngit push\nEOF",
    "a[ # ]; git push",
    "a=(b)c git push",
    "a=(b) git push",
    "(( ]] # )); git push\n))",
    "[[ ( a ]] # ) ]]; git push",
    "while[[ a == # ]]; git push",
    ". git push",
    '"gi\\\nt" push',
    "echo $'\\'' ; git push #'",
    'echo "$(a=(\ncase\n))" ; git push ; echo "; esac ))"',
    'echo "$([[ a == b || case ]])" ; git push ; echo "; esac )"',
    'echo "$(>f case)" ; git push ; echo "; esac )"',
    'echo "$(coproc case x in x) git push;; esac)"',
    'echo "$(for x do case $x in a) git push;; esac; done)"',
    'echo "$(case x in x) ;; case) :;; esac)" ; git push ; echo "; esac )"',
    "sudo " + "a " * 5000,
    "git push\0",
    "x" * 200_000,
]


@pytest.mark.parametrize("line", PUSHES, ids=range(len(PUSHES)))
def test_a_rule_sees_the_command(line: str) -> None:
    assert ASKS.verdict("bash", {"command": line}).action == "ask"


@pytest.mark.parametrize(
    "line",
    [
        "git status",
        "git pull",
        "git stash push",
        "git log --oneline | head",
        "echo git push",
        'git commit -m "git push later"',
        'grep -rn "git push" docs',
        'echo "it\'s fine" # git push',
        "cat <<'EOF' > notes\ngit push\nEOF",
        "python3 - <<'EOF'\nprint('git push')\nEOF",
        "ls *.py && make -j2 test",
        'for f in *.py; do python "$f"; done',
        'echo $((1+2)) "${x:-y}" ${#a} $#',
        'case "$1" in a|b) ls;; -*|*.sh) make;; *) ls;; esac',
        "[[ -f x ]] && echo y # z",
        "if [ -f x ]; then ls; fi",
        "$HOME/bin/tool x",
        'cd "$(dirname "$0")" && ls',
        "awk '{print $(NF)}' f | sort",
        "IFS=$'\\n'; ls",
        "git add -A && git commit -qm 'x'",
        'a=(1 2 3); echo "${a[@]}"',
        "find . -name '*.py' -exec wc -l {} +",
        "diff <(ls a) <(ls b)",
        "cat <<-EOF\n\tx\n\tEOF\nls",
        "X='git push'",
        "bash scripts/test.sh 2>&1 | tee log",
        "sed -e 's/a/b/' -i f",
        "make 2> >(grep -v warning)",
        "",
        "# git push",
    ],
)
def test_a_rule_leaves_others_alone(line: str) -> None:
    assert ASKS.verdict("bash", {"command": line}).action == "allow"


@pytest.mark.parametrize(
    "line",
    [
        "cat <<EOF 'a\nb'\nEOF",
        "cat <<EOF $(\n)\nEOF",
        "cat <<E\\\nOF\nEOF",
        "cat <<EOF",
        "cat <<$X\nEOF",
        "(\\\n(1))",
        "echo >\\\n x",
        "echo $\\\n(ls)",
        "echo $'\\''",
        "echo \"${x:-'}'}\"",
        "echo ${x:-<(ls)}",
        "ls )",
        "( ls",
        "ls `",
        "ls ${x",
        "ls >",
        "ls $(" * 20 + ")" * 20,
        'sh -c "sh -c \'sh -c \\"sh -c \\\\\\"sh -c ls -l\\\\\\"\\"\'"',
    ],
)
def test_what_cannot_be_read_is_not_guessed_at(line: str) -> None:
    found = ASKS.verdict("bash", {"command": line})
    assert found.action == "ask"
    assert "it is not certain" in found.reason


def test_one_word_is_not_taken_for_a_pattern() -> None:
    rule = PermissionRule(tool="bash", match="reboot", action="ask")
    asks = Permissions([PermissionSet(pod="p", workdir="/w", rules=(rule,))])
    for line in (
        "case x in x) a b in; reboot;; esac",
        "case x in x) reboot;; esac",
        "case x in y) ;; x) reboot;; esac",
        "case x in x) ls;; esac; reboot",
        "case x in x) echo case x in; reboot;; esac",
        "echo case x in; reboot",
        "case x in (x) reboot;; esac",
    ):
        assert asks.verdict("bash", {"command": line}).action == "ask", line
