/*
 * prefetch.h - asks for lines of the cache before they are needed. An address need not be one: nothing is read.
 *
 * Not __builtin_prefetch(): gcc (12) takes a function that does nothing else for one without effect and leaves its
 * calls out, without a word, wherever it was not inlined early. What is written here stays.
 */
#ifndef AMITY_PREFETCH_H
#define AMITY_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

#define PREFETCH_LINE_BYTES 64

#if defined(__x86_64__) && !defined(__clang__)
#define PREFETCH_BY_ASM 1
#endif

/* To be read. Thread: any. */
static inline void prefetch_line(const void *at)
{
#if defined(PREFETCH_BY_ASM)
	__asm__ volatile("prefetcht0 %a0" : : "p"(at));
#else
	__asm__ volatile("" : : "r"(at));
	__builtin_prefetch(at);
#endif
}

/* To be written: no other core has it then. */
static inline void prefetch_line_to_write(const void *at)
{
#if defined(PREFETCH_BY_ASM)
	__asm__ volatile("prefetchw %a0" : : "p"(at));
#else
	__asm__ volatile("" : : "r"(at));
	__builtin_prefetch(at, 1);
#endif
}

/* All lines of so many bytes, to be read; to be written. Thread: any. */
static inline void prefetch_lines(const void *at, size_t bytes)
{
	uintptr_t end = (uintptr_t)at + bytes;

	for (uintptr_t line = (uintptr_t)at & ~(uintptr_t)(PREFETCH_LINE_BYTES - 1); line < end;
	     line += PREFETCH_LINE_BYTES)
		prefetch_line((const void *)line);
}

static inline void prefetch_lines_to_write(const void *at, size_t bytes)
{
	uintptr_t end = (uintptr_t)at + bytes;

	for (uintptr_t line = (uintptr_t)at & ~(uintptr_t)(PREFETCH_LINE_BYTES - 1); line < end;
	     line += PREFETCH_LINE_BYTES)
		prefetch_line_to_write((const void *)line);
}

/*
 * The same for all lines of what begins with one and is of a size that the compiler knows: no loop is left of it, nor a
 * search for the first line. Thread: any.
 */
static inline __attribute__((always_inline)) void prefetch_whole_lines(const void *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PREFETCH_LINE_BYTES)
		prefetch_line((const char *)at + i);
}

static inline __attribute__((always_inline)) void prefetch_whole_lines_to_write(const void *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PREFETCH_LINE_BYTES)
		prefetch_line_to_write((const char *)at + i);
}

#define PREFETCH_BYTES_LEAST (3 * PREFETCH_LINE_BYTES + 1)

static inline void prefetch_four_lines_to_write(const char *at)
{
	prefetch_line_to_write(at);
	prefetch_line_to_write(at + PREFETCH_LINE_BYTES);
	prefetch_line_to_write(at + 2 * PREFETCH_LINE_BYTES);
	prefetch_line_to_write(at + 3 * PREFETCH_LINE_BYTES);
}

/* As prefetch_lines_to_write(), four at a time; the last four may be asked for twice. Thread: any. Range:
 * PREFETCH_BYTES_LEAST or more. */
static inline void prefetch_many_lines_to_write(const char *at, size_t bytes)
{
	const char *last_four = at + bytes - PREFETCH_BYTES_LEAST;

	for (; at < last_four; at += 4 * PREFETCH_LINE_BYTES)
		prefetch_four_lines_to_write(at);
	prefetch_four_lines_to_write(last_four);
}

#endif
