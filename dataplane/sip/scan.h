/*
 * scan.h - where the header lines of a message end, and where their names end.
 *
 *   Via: SIP/2.0/UDP 192.0.2.1;branch=x CRLF        stop: the first ':' of the line, or its LF when it has none
 *      ^stop                             ^feed      feed: its LF
 *
 * A variant turns 64 bytes into bitmaps (bit n: byte n is LF or CR); what follows from them is the same code for all
 * variants (scan_fill_by), so that they cannot disagree but in the bitmaps. Scanning ends with the empty line: a body
 * is not read.
 */
#ifndef AMITY_SCAN_H
#define AMITY_SCAN_H

#include "span.h"

enum scan_variant {
	SCAN_SCALAR,
	SCAN_AVX2,   /* and BMI, BMI2 */
	SCAN_AVX512, /* and BW, VL, VBMI2; scans by AVX2: it is what reads a whole message at once that gains */
	SCAN_VARIANTS
};

/* Lines found ahead of the reader: a few blocks' worth, so that one fill serves a message with fewer than a hundred
 * headers. */
#define SCAN_BLOCK_BYTES 64
#define SCAN_LINES_MAX	 192

struct scan_bitmaps {
	uint64_t line_feeds;
	uint64_t carriage_returns;
};

/* What a block leaves to the next one, in bit 0 (and 1) as if it had been shifted out of it. */
struct scan_carry {
	uint64_t after_feed;   /* the byte before is LF; also at the start */
	uint64_t after_feed_2; /* bit 0: the byte before the last one is; bit 1: unused */
	uint64_t after_return; /* the byte before is CR */
};

struct scan {
	struct span bytes;
	struct scan_carry carry;
	uint32_t offset;      /* of the next block */
	uint32_t line_start;  /* of the next line to be taken */
	uint32_t headers_end; /* of the empty line; bytes.length as long as none was found */
	uint32_t body_start;  /* behind the empty line */
	uint32_t line_count;
	uint32_t line_index; /* of the next line to be taken */
	bool is_done;	     /* the empty line or the end of the bytes was reached */
	bool has_empty_line;
	bool has_stray_cr; /* with has_empty_line: a CR without LF, which the grammar has nowhere in a header line */
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

/* The variant in use. Thread: any. */
enum scan_variant scan_selected(void);

/* Finds more lines of an empty window, until it is full or the scan is done. Thread: any. */
void scan_fill(struct scan *scan);

static inline void scan_init(struct scan *scan, struct span bytes)
{
	scan->bytes = bytes;
	scan->carry = (struct scan_carry){.after_feed = 1};
	scan->offset = 0;
	scan->line_start = 0;
	scan->headers_end = bytes.length;
	scan->body_start = bytes.length;
	scan->line_count = 0;
	scan->line_index = 0;
	scan->is_done = false;
	scan->has_empty_line = false;
	scan->has_stray_cr = false;
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

/* Writes the positions of the set bits. Two are written whatever there is: one line in 64 bytes is usual, a branch each
 * is dear. */
static inline void scan_write_positions(uint16_t *positions, uint64_t bits, uint32_t offset)
{
	const uint64_t last = 1ull << 63;
	positions[0] = (uint16_t)(offset + (uint32_t)__builtin_ctzll(bits | last));
	bits &= bits - 1;
	positions[1] = (uint16_t)(offset + (uint32_t)__builtin_ctzll(bits | last));
	bits &= bits - 1;
	for (uint32_t i = 2; bits != 0; i++) {
		positions[i] = (uint16_t)(offset + (uint32_t)__builtin_ctzll(bits));
		bits &= bits - 1;
	}
}

/* Bit n: byte n is the LF of an empty line, with or without its CR. Zero but once in a message. */
static inline uint64_t scan_find_empty_lines(struct scan_bitmaps bitmaps, struct scan_carry carry)
{
	uint64_t after_feed = bitmaps.line_feeds << 1 | carry.after_feed;
	uint64_t after_feed_2 = after_feed << 1 | carry.after_feed_2;
	uint64_t after_return = bitmaps.carriage_returns << 1 | carry.after_return;
	return bitmaps.line_feeds & (after_feed | (after_feed_2 & after_return));
}

static inline struct scan_carry scan_carry_of(struct scan_bitmaps bitmaps)
{
	return (struct scan_carry){
		.after_feed = bitmaps.line_feeds >> 63,
		.after_feed_2 = bitmaps.line_feeds >> 62 & 1,
		.after_return = bitmaps.carriage_returns >> 63,
	};
}

/* Ends the scan with the empty line whose LF is bit `position`. Result: the bits before that LF. */
static inline uint64_t scan_end(struct scan *scan, uint32_t offset, uint32_t position)
{
	uint32_t feed = offset + position;
	scan->headers_end = feed > 0 && scan->bytes.at[feed - 1] == '\r' ? feed - 1 : feed;
	scan->body_start = feed + 1;
	scan->has_empty_line = true;
	scan->is_done = true;
	return (1ull << position) - 1;
}

typedef struct scan_bitmaps (*scan_take_bitmaps_fn)(struct span bytes, uint32_t offset);
typedef uint32_t (*scan_find_colon_fn)(struct span bytes, uint32_t start, uint32_t feed);

/*
 * For the variants: scan_fill with their two primitives, which the compiler puts in place.
 *
 * take_bitmaps: of the 64 bytes at `offset`; what is beyond the bytes is zero. find_colon: the first ':' from `start`
 * to `feed`, or `feed`.
 */
static inline __attribute__((always_inline)) void scan_fill_by(struct scan *scan, scan_take_bitmaps_fn take_bitmaps,
							       scan_find_colon_fn find_colon)
{
	struct scan_carry carry = scan->carry;
	uint32_t offset = scan->offset, count = 0, line_start = scan->line_start;
	uint64_t stray = 0;
	while (!scan->is_done && count + SCAN_BLOCK_BYTES <= SCAN_LINES_MAX) {
		if (offset >= scan->bytes.length) {
			scan->is_done = true;
			break;
		}
		struct scan_bitmaps bitmaps = take_bitmaps(scan->bytes, offset);
		uint64_t empty_lines = scan_find_empty_lines(bitmaps, carry), feeds = bitmaps.line_feeds;
		uint64_t alone = (bitmaps.carriage_returns << 1 | carry.after_return) & ~feeds;
		if (__builtin_expect(empty_lines != 0, 0)) {
			uint64_t before = scan_end(scan, offset, (uint32_t)__builtin_ctzll(empty_lines));
			feeds &= before;
			alone &= before;
		}
		stray |= alone;
		scan_write_positions(scan->feeds + count, feeds, offset);
		count += (uint32_t)__builtin_popcountll(feeds);
		carry = scan_carry_of(bitmaps);
		offset += SCAN_BLOCK_BYTES;
	}
	for (uint32_t i = 0; i < count; i++) {
		scan->stops[i] = (uint16_t)find_colon(scan->bytes, line_start, scan->feeds[i]);
		line_start = scan->feeds[i] + 1u;
	}
	scan->carry = carry;
	scan->offset = offset;
	scan->has_stray_cr |= stray != 0;
	scan->line_count = count;
	scan->line_index = 0;
}

/* For scan.c: the AVX2 variant of scan_fill, built in its own file with its own compiler options. */
void scan_avx2_fill(struct scan *scan);

#endif
