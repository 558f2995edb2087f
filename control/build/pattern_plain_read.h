/*
 * pattern_plain_read.h - reads one pattern as rows, if it is of the usual shapes (pattern_plain.h).
 *
 *   pattern  = ".*" | "^" sequence end             end    = "$" | [".*"]
 *   sequence = *(choice ["?"] | digits [repeat])   digits = "[0-9]" | "\d"     repeat = "*" | "+" | "?" | {n} | {n,} |
 * {n,m} choice   = byte | class | "(" ["?:"] sequence *("|" sequence) ")"
 *
 * Behind digits there are only digits. One row for each way to choose.
 */
#ifndef AMITY_PATTERN_PLAIN_READ_H
#define AMITY_PATTERN_PLAIN_READ_H

#include "pattern_plain.h"

#define PATTERN_PLAIN_CHOICES_MAX 16 /* rows of one pattern */

/* Result: how many rows, whose ids are 0; 0: of another shape. Thread: any. */
uint32_t pattern_plain_read(struct pattern_plain row[PATTERN_PLAIN_CHOICES_MAX], struct span pattern);

#endif
