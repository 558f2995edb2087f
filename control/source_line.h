/*
 * source_line.h - a line of a document under a message about it, with a caret under the place, as compilers show it.
 *
 * Thread: any.
 */
#ifndef AMITY_SOURCE_LINE_H
#define AMITY_SOURCE_LINE_H

#include <stdint.h>
#include <stdio.h>

#define SOURCE_LINE_BYTES_MAX 200

/*
 * The part of line `line` (from 1) of a text that shows column `column` (in characters, from 1): all of it, or a window
 * of SOURCE_LINE_BYTES_MAX bytes with "..." where it was cut. Result: the caller's to free(), with *caret the column in
 * it; NULL when there is no such line, or memory ends.
 */
char *source_line_copy(uint32_t *caret, const char *text, uint32_t length, uint32_t line, uint32_t column);

/* The line, indented, and below it the caret. Control characters but tabs are shown as '?'. */
void source_line_print(FILE *out, const char *source, uint32_t caret);

#endif
