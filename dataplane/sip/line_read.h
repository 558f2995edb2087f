/*
 * line_read.h - the lines of a body, one after the other; they end with CRLF or LF, the last one perhaps with nothing.
 *
 *   a=ptime:20 CRLF a=sendrecv        line: without its end       next: the first byte of the line behind it
 *   ^line           ^next
 *
 * Line ends are found 64 bytes at a time. (scan.h does that for headers, where an empty line ends everything.)
 */
#ifndef AMITY_LINE_READ_H
#define AMITY_LINE_READ_H

#include "span.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define LINE_READ_BLOCK_BYTES 64

struct line_read {
	const char *next; /* of the next line; the end of what was taken so far */
	const char *end;
	const char *block;  /* where `feeds` begins */
	const char *unread; /* where the next block begins */
	uint64_t feeds;	    /* bit n: block[n] is a line feed not taken yet */
};

#if defined(__SSE2__)
static inline uint64_t line_read_sixteen(const char *at)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)at);
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
}

static inline uint64_t line_read_feeds(const char *block)
{
	return line_read_sixteen(block) | line_read_sixteen(block + 16) << 16 | line_read_sixteen(block + 32) << 32 |
	       line_read_sixteen(block + 48) << 48;
}
#else
static inline uint64_t line_read_feeds(const char *block)
{
	uint64_t feeds = 0;
	for (uint32_t i = 0; i < LINE_READ_BLOCK_BYTES; i++)
		feeds |= (uint64_t)(block[i] == '\n') << i;
	return feeds;
}
#endif

static inline void line_read_begin(struct line_read *lines, struct span text)
{
	*lines = (struct line_read){.next = text.at, .end = text.at + text.length, .block = text.at, .unread = text.at};
}

/* The rest, shorter than a block: read so that it ends with the text, when a block was read before it. */
static inline void line_read_rest(struct line_read *lines)
{
	uint32_t left = (uint32_t)(lines->end - lines->unread);
	if (lines->block != lines->unread) {
		lines->block = lines->end - LINE_READ_BLOCK_BYTES;
		lines->feeds = line_read_feeds(lines->block) & UINT64_MAX << (LINE_READ_BLOCK_BYTES - left);
	} else {
		char rest[LINE_READ_BLOCK_BYTES] = {0};
		memcpy(rest, lines->unread, left);
		lines->feeds = line_read_feeds(rest);
	}
	lines->unread = lines->end;
}

/* Fills `feeds`, which is empty; `unread` is not at the end. */
static inline void line_read_block(struct line_read *lines)
{
	if (lines->end - lines->unread < LINE_READ_BLOCK_BYTES) {
		line_read_rest(lines);
		return;
	}
	lines->block = lines->unread;
	lines->feeds = line_read_feeds(lines->block);
	lines->unread += LINE_READ_BLOCK_BYTES;
}

/* For who walks from feed to feed: is there one that was not taken? */
static inline bool line_read_more(struct line_read *lines)
{
	while (lines->feeds == 0 && lines->unread < lines->end)
		line_read_block(lines);
	return lines->feeds != 0;
}

/* Takes the next feed, which there is. */
static inline const char *line_read_feed(struct line_read *lines)
{
	const char *feed = lines->block + __builtin_ctzll(lines->feeds);
	lines->feeds &= lines->feeds - 1;
	return feed;
}

/* Takes a line. Thread: any. Result: false when there is none left; *line is untouched. */
static inline bool line_read_take(struct span *line, struct line_read *lines)
{
	const char *start = lines->next;
	bool has_feed = line_read_more(lines);
	if (start == lines->end)
		return false;
	const char *feed = has_feed ? line_read_feed(lines) : lines->end;
	lines->next = has_feed ? feed + 1 : lines->end;
	*line = span_make(start, (size_t)(feed - start));
	line->length -= line->length && feed[-1] == '\r';
	return true;
}

#endif
