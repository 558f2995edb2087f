/*
 * scan.h - where the header lines of a message end, and where their names end.
 *
 *   Via: SIP/2.0/UDP 192.0.2.1;branch=x CRLF        stop: the first ':' of the line, or its LF when it has none
 *      ^stop                             ^feed      feed: its LF
 *
 * A variant turns 64 bytes into bitmaps (bit n: byte n is LF, ':' or CR); what follows from them is the same code for
 * all variants (scan_take_block), so that they cannot disagree but in the bitmaps. Scanning ends with the empty line: a
 * body is not read.
 */
#ifndef AMITY_SCAN_H
#define AMITY_SCAN_H

#include "span.h"

enum scan_variant {
	SCAN_SCALAR,
	SCAN_AVX2,
};

/* Lines found ahead of the reader; scanning goes on while a whole block of line feeds still fits. */
#define SCAN_BLOCK_BYTES 64
#define SCAN_LINES_MAX	 (3 * SCAN_BLOCK_BYTES)

struct scan_bitmaps {
	uint64_t line_feeds;
	uint64_t colons;
	uint64_t carriage_returns;
};

struct scan {
	struct span bytes;
	uint32_t offset;      /* of the next block */
	uint32_t line_start;  /* of the next line to be taken */
	uint32_t headers_end; /* of the empty line; bytes.length as long as none was found */
	uint32_t body_start;  /* behind the empty line */
	uint16_t line_count;
	uint16_t stop_count; /* line_count, or one more: the stop of a line can be found a block before its feed */
	uint16_t line_index; /* of the next line to be taken */
	bool is_done;	     /* the empty line or the end of the bytes was reached */
	bool has_empty_line;
	bool has_stray_cr;   /* a CR without LF, which the grammar has nowhere in a header line */
	bool ends_with_cr;   /* what the last block left to the next one: its last byte is CR ... */
	uint8_t starts_line; /* ... or LF: bit 0; the byte before it is LF or the start: bit 1 ... */
	bool in_name;	     /* ... the stop of the line is yet to come */
	uint16_t stops[SCAN_LINES_MAX];
	uint16_t feeds[SCAN_LINES_MAX];
};

struct scan_line {
	uint32_t start;
	uint32_t stop;
	uint32_t feed;
};

/*
 * Chooses the variant for all later scans. Without a call the scalar one works.
 *
 * Thread: setup, before lcores start; tests.   Result: false when this CPU lacks it; the choice is then unchanged.
 */
bool scan_select(enum scan_variant variant);

/* Chooses the fastest variant of this CPU and says which. Thread: setup, before lcores start. */
enum scan_variant scan_select_best(void);

/* Finds more lines of an empty window, until it is full or the scan is done. Thread: any. */
void scan_fill(struct scan *scan);

static inline void scan_init(struct scan *scan, struct span bytes)
{
	scan->bytes = bytes;
	scan->offset = 0;
	scan->line_start = 0;
	scan->headers_end = bytes.length;
	scan->body_start = bytes.length;
	scan->line_count = 0;
	scan->stop_count = 0;
	scan->line_index = 0;
	scan->is_done = false;
	scan->has_empty_line = false;
	scan->has_stray_cr = false;
	scan->ends_with_cr = false;
	scan->starts_line = 1;
	scan->in_name = false;
}

/* Takes the next complete line before the empty one. Thread: any. Result: false when there is none. */
static inline bool scan_take_line(struct scan_line *line, struct scan *scan)
{
	if (scan->line_index == scan->line_count) {
		if (scan->is_done)
			return false;
		scan_fill(scan);
		if (scan->line_count == 0)
			return false;
	}
	line->start = scan->line_start;
	line->stop = scan->stops[scan->line_index];
	line->feed = scan->feeds[scan->line_index];
	scan->line_index++;
	scan->line_start = line->feed + 1;
	return true;
}

/* Does the line after the one just taken continue it (RFC 3261 7.3.1)? Thread: any. */
static inline bool scan_is_next_folded(const struct scan *scan)
{
	return scan->line_start < scan->bytes.length &&
	       (scan->bytes.at[scan->line_start] == ' ' || scan->bytes.at[scan->line_start] == '\t');
}

/* Writes the positions of the set bits. Four are written whatever there is: two lines in 64 bytes are usual, a branch
 * each is dear. */
static inline void scan_write_positions(uint16_t *positions, uint64_t bits, uint32_t offset)
{
	const uint64_t last = 1ull << 63;
	for (uint32_t i = 0; i < 4; i++) {
		positions[i] = (uint16_t)(offset + (uint32_t)__builtin_ctzll(bits | last));
		bits &= bits - 1;
	}
	for (uint32_t i = 4; bits != 0; i++) {
		positions[i] = (uint16_t)(offset + (uint32_t)__builtin_ctzll(bits));
		bits &= bits - 1;
	}
}

/* For the variants: takes the bitmaps of the block at scan->offset; `length_bytes` of its 64 bytes are of the message.
 */
static inline void scan_take_block(struct scan *scan, struct scan_bitmaps bitmaps, uint32_t length_bytes)
{
	uint64_t feeds = bitmaps.line_feeds, returns = bitmaps.carriage_returns;
	uint64_t starts = feeds << 1 | (scan->starts_line & 1);
	uint64_t after_starts = starts << 1 | (scan->starts_line >> 1);
	uint64_t after_returns = returns << 1 | scan->ends_with_cr;
	uint64_t empty_lines = feeds & (starts | (after_returns & after_starts));

	/* Adding a line's start to the run of ones up to its first stop carries into that stop: all lines of a block at
	 * once. */
	uint64_t stops = feeds | bitmaps.colons, sum;
	bool is_carried = __builtin_add_overflow(~stops, starts | scan->in_name, &sum);
	uint64_t first_stops = sum & stops;
	uint64_t before_end = ~0ull;

	if (empty_lines) {
		uint32_t position = (uint32_t)__builtin_ctzll(empty_lines);
		before_end = (1ull << position) - 1;
		feeds &= before_end;
		first_stops &= before_end;
		scan->headers_end = scan->offset + position - !(starts >> position & 1);
		scan->body_start = scan->offset + position + 1;
		scan->has_empty_line = true;
		scan->is_done = true;
	}
	scan->has_stray_cr |= (after_returns & ~bitmaps.line_feeds & before_end) != 0;

	scan_write_positions(scan->feeds + scan->line_count, feeds, scan->offset);
	scan_write_positions(scan->stops + scan->stop_count, first_stops, scan->offset);
	scan->line_count = (uint16_t)(scan->line_count + __builtin_popcountll(feeds));
	scan->stop_count = (uint16_t)(scan->stop_count + __builtin_popcountll(first_stops));

	scan->ends_with_cr = returns >> 63;
	scan->starts_line = (uint8_t)(bitmaps.line_feeds >> 63 | (starts >> 63) << 1);
	scan->in_name = is_carried;
	scan->offset += length_bytes;
	scan->is_done |= scan->offset == scan->bytes.length;
}

/* For the variants: empties the window. A stop whose feed is yet to come stays. */
static inline void scan_clear_window(struct scan *scan)
{
	bool is_stop_ahead = scan->stop_count > scan->line_count;
	scan->stops[0] = scan->stops[scan->line_count];
	scan->stop_count = is_stop_ahead;
	scan->line_count = 0;
	scan->line_index = 0;
}

/* For the variants: is there room for all lines of another block? */
static inline bool scan_has_room(const struct scan *scan)
{
	return scan->line_count + SCAN_BLOCK_BYTES + 4 < SCAN_LINES_MAX;
}

/* For scan.c: the AVX2 variant of scan_fill, built in its own file with its own compiler options. */
void scan_avx2_fill(struct scan *scan);

#endif
