# Prints the descriptors that are open and that a program would get, for `descriptors.rs`: the copies that bash keeps are closed in `cat`.
# In any case the list holds 0, 1, 2, the copies of two of them, and the descriptor of the listed folder.
# The subshell is without errexit, because `builtin command` ends a shell with it even before `||`.
__guide_script=(/proc/self/fd/*);
if ((${#__guide_script[@]} > ${__guide_base:-6})); then
for __guide_head in "${__guide_script[@]}"; do if [[ ${__guide_head##*/} == [012] || ! -e $__guide_head ]]; then builtin continue; fi;
( builtin set +e; builtin printf 'fd %s\n' "${__guide_head##*/}";
if builtin command -p cat "${__guide_head/fd/fdinfo}"; then
builtin command -p stat -L -c 'size %s' "$__guide_head"; builtin printf 'target '; builtin command -p readlink "$__guide_head"; fi ) || [[ 1 ]];
done; fi;
