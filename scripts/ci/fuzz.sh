#!/bin/sh
# Runs every fuzz target of the module for the given time each, one after the other.
set -eu
for dir in $(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do
	for target in $(cat "$dir"/*_test.go | sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' | sort -u); do
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "./$dir"
	done
done
