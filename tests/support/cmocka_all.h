/*
 * cmocka_all.h - cmocka with the headers that it wants before itself.
 */
#ifndef AMITY_CMOCKA_ALL_H
#define AMITY_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "span.h"

#define assert_span_equal(actual, expected) cmocka_all_check_span((actual), (expected), __FILE__, __LINE__)

static inline void cmocka_all_check_span(struct span actual, struct span expected, const char *file, int line)
{
	if (span_equals(actual, expected))
		return;
	print_error("got    \"" SPAN_FORMAT "\"\nwanted \"" SPAN_FORMAT "\"\n", SPAN_ARGUMENTS(actual),
		    SPAN_ARGUMENTS(expected));
	_fail(file, line);
}

#endif
