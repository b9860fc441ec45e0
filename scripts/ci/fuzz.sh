#!/bin/sh
# Runs every fuzz target of the module, one after the other, each as long as the
# argument says: a time such as 20s, or a number of inputs such as 2000x, which
# takes a slow machine longer and fails it never. A package is built once.
set -eu
much=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOMAXPROCS=2

# fuzz runs one target. Go's fuzzer loses a worker, or calls an input hung, on a
# machine that stalls. What a target has really found it finds again: its file
# then fails an ordinary run too.
fuzz() {
	for try in 1 2 3; do
		if (cd "$dir" && "$work/test" -test.run '^$' -test.fuzz "^$1\$" -test.fuzztime "$much" -test.fuzzminimizetime 100x \
			-test.fuzzcachedir "$work/cache" -test.parallel 2) >"$work/out" 2>&1; then
			echo "ok $dir $1: $(grep -o 'execs: [0-9]*' "$work/out" | tail -1)"
			return
		fi
		if ! (cd "$dir" && "$work/test" -test.run "^$1\$") >"$work/again" 2>&1; then
			cat "$work/out" "$work/again"
			exit 1
		fi
	done
	cat "$work/out"
	echo "$dir $1: the fuzzer did not end properly in three tries, and nothing that it found fails"
}

for dir in $(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do
	targets=$(cat "$dir"/*_test.go | sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' | sort -u)
	go test -c -fuzz=. -o "$work/test" "./$dir"
	for target in $targets; do
		fuzz "$target"
	done
done
