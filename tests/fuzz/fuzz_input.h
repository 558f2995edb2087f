/*
 * fuzz_input.h - what the fuzz targets share: an input taken apart from its front, blocks that end where their bytes
 * end, and the property that every parser promises, that what it found lies inside of what it got.
 *
 * Each fuzz_<target>.c is one libFuzzer program. It ends itself (must.h) when a property does not hold; the sanitizers
 * see the rest. tests/fuzz/run builds and runs them.
 */
#ifndef AMITY_TESTS_FUZZ_INPUT_H
#define AMITY_TESTS_FUZZ_INPUT_H

#include "must.h"
#include "span.h"

/* What libFuzzer calls: once, and for every input. */
int LLVMFuzzerInitialize(int *argument_count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static inline struct span fuzz_input_span(const uint8_t *bytes, size_t length)
{
	return span_make((const char *)bytes, length);
}

/* Takes one byte; 0 when there is none left. */
static inline uint8_t fuzz_input_byte(struct span *input)
{
	uint8_t byte = input->length ? (uint8_t)*input->at : 0;
	*input = span_skip(*input, 1);
	return byte;
}

/* Takes two bytes, the higher one first. */
static inline uint16_t fuzz_input_number(struct span *input)
{
	uint8_t high = fuzz_input_byte(input);
	return (uint16_t)(high << 8 | fuzz_input_byte(input));
}

/* Takes `length` bytes, or what is left. */
static inline struct span fuzz_input_take(struct span *input, uint32_t length)
{
	struct span taken = span_make(input->at, length < input->length ? length : input->length);
	*input = span_skip(*input, taken.length);
	return taken;
}

/* Takes the bytes before the next LF, and the LF. */
static inline struct span fuzz_input_line(struct span *input)
{
	const char *feed = input->length ? memchr(input->at, '\n', input->length) : NULL;
	struct span line = span_make(input->at, feed ? (size_t)(feed - input->at) : input->length);
	*input = span_skip(*input, line.length + 1);
	return line;
}

/* A copy in a heap block of exactly its length: one byte too far is ASan's. Release with fuzz_input_free(). */
static inline struct span fuzz_input_copy(struct span bytes)
{
	char *block = malloc(bytes.length ? bytes.length : 1);
	must(block != NULL);
	if (bytes.length)
		memcpy(block, bytes.at, bytes.length);
	return span_make(bytes.length ? block : block + 1, bytes.length);
}

static inline void fuzz_input_free(struct span copy)
{
	free((char *)(uintptr_t)copy.at - (copy.length ? 0 : 1));
}

static inline bool fuzz_input_holds(struct span whole, struct span part)
{
	return part.length == 0 || (part.at >= whole.at && part.at + part.length <= whole.at + whole.length);
}

#define fuzz_input_must_hold(whole, part) must(fuzz_input_holds((whole), (part)))

/* The same bytes at the same place, or both nothing. */
static inline bool fuzz_input_same(struct span a, struct span b)
{
	return a.length == b.length && (a.length == 0 || a.at == b.at);
}

#endif
