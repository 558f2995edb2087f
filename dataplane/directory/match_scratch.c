#include "match_scratch.h"

#include <assert.h>
#include <stdalign.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static char *frame_room(const struct match_scratch *scratch, int index)
{
	return scratch->memory + MATCH_SMALL_BYTES + (size_t)index * MATCH_FRAME_ROOM;
}

/* PCRE2's malloc(): on lcores it is asked for frames only, for two at a time at most. */
static void *take(PCRE2_SIZE size, void *argument)
{
	struct match_scratch *scratch = argument;
	size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

	if (rounded <= MATCH_SMALL_BYTES - scratch->small_bytes_used) {
		void *at = scratch->memory + scratch->small_bytes_used;
		scratch->small_bytes_used += (uint32_t)rounded;
		return at;
	}
	for (int i = 0; i < 2; i++) {
		if (size <= MATCH_FRAME_ROOM && !scratch->is_frame_room_taken[i]) {
			scratch->is_frame_room_taken[i] = true;
			return frame_room(scratch, i);
		}
	}
	return NULL;
}

static void give_back(void *memory, void *argument)
{
	struct match_scratch *scratch = argument;

	for (int i = 0; i < 2; i++)
		if (memory == frame_room(scratch, i))
			scratch->is_frame_room_taken[i] = false;
}

void match_scratch_init(struct match_scratch *scratch, void *memory)
{
	*scratch = (struct match_scratch){.memory = memory};

	pcre2_general_context *general = pcre2_general_context_create(take, give_back, scratch);
	scratch->confirm_data = pcre2_match_data_create(1, general);
	scratch->confirm_limits = pcre2_match_context_create(general);
	assert(general && scratch->confirm_data && scratch->confirm_limits); /* some hundred bytes each */
	pcre2_set_match_limit(scratch->confirm_limits, MATCH_STEPS_MAX);
	pcre2_set_heap_limit(scratch->confirm_limits, MATCH_FRAMES_KB);
	/* From here on only frames are asked for. */
	scratch->small_bytes_used = MATCH_SMALL_BYTES;
}
