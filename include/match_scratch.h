/*
 * match_scratch.h - working memory of one reader of pattern sets (an lcore or the control thread), so that matching
 * takes none: Hyperscan's scratch, and PCRE2's data with all the memory that a confirmation may use.
 *
 *   memory   who has what, small pieces (contexts, match data) | frames | frames, larger, while PCRE2 moves to them
 */
#ifndef AMITY_MATCH_SCRATCH_H
#define AMITY_MATCH_SCRATCH_H

#include "span.h"

struct hs_scratch;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;

/*
 * How far PCRE2 may backtrack for one confirmation (its match limit), and what it may remember of the way (its heap
 * limit): an lcore's time and memory are bounded, whatever was provisioned. A number has 62 bytes at most; a pattern
 * that is not made to explode needs some hundred steps for it. The limit is about half a millisecond.
 */
#define MATCH_STEPS_MAX	   20000
#define MATCH_FRAMES_KB	   256
#define MATCH_SMALL_BYTES  4096
#define MATCH_FRAME_ROOM   (MATCH_FRAMES_KB * 1024 + MATCH_SMALL_BYTES)
#define MATCH_MEMORY_BYTES (MATCH_SMALL_BYTES + 2 * MATCH_FRAME_ROOM)

struct match_scratch {
	struct hs_scratch *hyperscan; /* grown before a database that needs more is published */
	struct pcre2_real_match_data_8 *confirm_data;
	struct pcre2_real_match_context_8 *confirm_limits;
	void *memory;	   /* [MATCH_MEMORY_BYTES] */
	uint32_t given_up; /* confirmations that came to a limit: the pattern then does not match; written by the owner
			      alone */
};

/*
 * Prepares PCRE2's part on the caller's memory [MATCH_MEMORY_BYTES, aligned as malloc() does]; `hyperscan` is the
 * caller's to make. To end a scratch, free both.
 */
void match_scratch_init(struct match_scratch *scratch, void *memory);

#endif
