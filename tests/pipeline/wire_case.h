/*
 * wire_case.h - what the cases below SIP share: a message of any length, and whether it was answered.
 */
#ifndef AMITY_TESTS_WIRE_CASE_H
#define AMITY_TESTS_WIRE_CASE_H

#include "pipeline.h"

#define WIRE_CASE_BYTES_MAX 65535

/* An OPTIONS of `length` bytes from host `source`, which is answered with 200. Result: in a buffer that the next call
 * writes anew. */
struct span wire_case_options(bool v6, uint8_t source, uint32_t length);

/* The 200 to it must be the next that left; nothing must have left. */
void wire_case_expect_ok(struct pipeline *pipeline, bool v6, uint8_t source);
void wire_case_expect_nothing(struct pipeline *pipeline);

#endif
