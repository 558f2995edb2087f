/*
 * must.h - for code that tests and benches share: a condition that is part of the set-up, not of what is tested. It
 * ends the program.
 */
#ifndef AMITY_TESTS_MUST_H
#define AMITY_TESTS_MUST_H

#include <stdio.h>
#include <stdlib.h>

static inline void must_fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

#define must_text(line)	 #line
#define must_place(line) must_text(line)
#define must(condition)	 ((condition) ? (void)0 : must_fail(__FILE__ ":" must_place(__LINE__) ": not so: " #condition))

#endif
