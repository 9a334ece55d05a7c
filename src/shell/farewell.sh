# The EXIT trap: a step that ends its shell (`exit`, a failing command, `set -u`) tells its state as well. It is parsed when it
# runs, one line after the other, so what the step has made aliases of is switched off in the first.
# The steps' own EXIT trap (`shell.rs` keeps its text in __guide_exit) is run at the chapter's end only: for the chapter, a shell that a
# step ends goes on in the next one.
# A child that a signal reaches before it has put off its parent's traps runs them, too: it must not speak for the shell.
__guide_result=$? __guide_shell_options=$BASHOPTS; \builtin shopt -u expand_aliases
if [[ ${BASHPID:-$$} != "$$" ]]; then builtin return 0; fi
if [[ ${__guide_ending-} && ${__guide_exit-} ]]; then builtin set +e; ( builtin exit "$__guide_result" ); builtin eval "$__guide_exit"; fi
{ @DUMP@ } 1<>@STATE@ 2>&1
builtin printf E >@CONTROL@
