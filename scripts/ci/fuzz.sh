#!/bin/sh
# Runs every fuzz target of the module, one after the other, each as long as the
# argument says: a time such as 20s, or a number of inputs such as 2000x, which
# takes a slow machine longer and fails it never. A package is built once.
set -eu
much=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOMAXPROCS=2

# fuzz runs one target. Go's fuzzer sometimes loses a worker, or runs into its own
# deadline, on a machine that stalls; what a target finds, it names a file for.
fuzz() {
	for try in 1 2 3; do
		if (cd "$dir" && "$work/test" -test.run '^$' -test.fuzz "^$1\$" -test.fuzztime "$much" -test.fuzzminimizetime 100x \
			-test.fuzzcachedir "$work/cache" -test.parallel 2) >"$work/out" 2>&1; then
			echo "ok $dir $1: $(grep -o 'execs: [0-9]*' "$work/out" | tail -1)"
			return
		fi
		if grep -q -e 'Failing input written to' -e 'failure while testing seed corpus' "$work/out"; then
			break
		fi
	done
	cat "$work/out"
	exit 1
}

for dir in $(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do
	targets=$(cat "$dir"/*_test.go | sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' | sort -u)
	go test -c -fuzz=. -o "$work/test" "./$dir"
	for target in $targets; do
		fuzz "$target"
	done
done
