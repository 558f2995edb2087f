/*
 * edit_list_put.h - for edit_list.c and its variant for a CPU: the walk over the edits, whatever it is that copies.
 */
#ifndef AMITY_EDIT_LIST_PUT_H
#define AMITY_EDIT_LIST_PUT_H

#include "edit_list.h"

/* Result: behind what was put at `at`; NULL when there is no room up to `end`. */
typedef char *(*edit_list_put_fn)(char *at, const char *end, const char *text, uint32_t length);

/* Edits in order, none of which begins behind `received`. Result: as put(), also NULL for edits that overlap. */
static inline __attribute__((always_inline)) char *edit_list_put_all(char *at, const char *end, edit_list_put_fn put,
								     const struct edit_list *list, struct span received)
{
	uint32_t kept = 0;	    /* bytes of `received` before this one are done */
	uint32_t removal_start = 0; /* of the newest removal: inserts at its very start stand behind its text */

	for (const struct edit *edit = list->edit, *edits_end = edit + list->count; edit < edits_end; edit++) {
		uint32_t offset = edit->offset, removed = edit->removed;
		if (offset > kept) {
			if (!(at = put(at, end, received.at + kept, offset - kept)))
				return NULL;
			kept = offset;
		} else if (offset < kept && (removed || offset != removal_start)) {
			return NULL;
		}
		if (edit->text_length && !(at = put(at, end, edit->text, edit->text_length)))
			return NULL;
		kept += removed;
		removal_start = removed ? offset : removal_start;
	}
	return kept <= received.length ? put(at, end, received.at + kept, received.length - kept) : NULL;
}

#if defined(__x86_64__)
/* So much room has to be left behind all that is put, as it writes whole registers. */
#define EDIT_LIST_SPARE_BYTES 64

/* Thread: any, on a CPU with AVX-512BW and BMI2 (scan.h).   Range, Result: as edit_list_put_all(). */
char *edit_list_avx512_put_all(char *at, const struct edit_list *list, struct span received);
#endif

#endif
