/*
 * pattern_wire.h - what amityd and its compiling process say to each other: a request is followed by `count` lengths
 * and the patterns' bytes, an answer of STATUS_OK by `count` flags and the serialised database. Both are the same
 * program.
 */
#ifndef AMITY_PATTERN_WIRE_H
#define AMITY_PATTERN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_WIRE_DESCRIPTOR 3 /* of the compiling process: a stream socket */

struct pattern_wire_request {
	uint32_t count;
	uint32_t bytes; /* of all patterns */
	uint32_t cpu_s_max;
	uint32_t memory_mb_max;
};

struct pattern_wire_answer {
	uint32_t status; /* enum status */
	uint32_t database_bytes;
	uint32_t scratch_bytes;
	uint32_t serialised_bytes;
	uint64_t cpu_us;
};

/* Whole buffers or false: the other end is gone. */
bool pattern_wire_send(int descriptor, const void *bytes, size_t length);
bool pattern_wire_receive(int descriptor, void *bytes, size_t length);

#endif
