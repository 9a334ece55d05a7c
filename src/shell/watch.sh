# Waits for the runner's end, in any POSIX shell: the smallest there is, as one is started with every run.
# Standard input: a pipe that only the runner writes to. $1: bash, $2: what it does when the runner was killed, $3: the run's tag.
# Lines: "group N" (a process group of the run), "gone N", "done" (the runner has ended by itself).
# The end of the pipe without "done" means that the runner was killed. Only builtins; nothing it needs is in the environment.
trap '' INT TERM HUP QUIT
groups=' '
while read -r word value; do
    case $word in
        group) groups="$groups$value " ;;
        gone) groups="${groups%% $value *} ${groups#* $value }" ;;
        done) exit 0 ;;
    esac
done
exec "$1" --noprofile --norc -c "$2" guide-guard "$3" $groups
