#include "match_scratch.h"

#include <assert.h>
#include <stdalign.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Stands at the start of a scratch's memory. */
struct match_memory {
	uint32_t bytes_used; /* of MATCH_SMALL_BYTES */
	bool is_frame_room_taken[2];
};

#define ROUND_UP(size) (((size) + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1))

static char *frame_room(struct match_memory *memory, int index)
{
	return (char *)memory + MATCH_SMALL_BYTES + (size_t)index * MATCH_FRAME_ROOM;
}

/* PCRE2's malloc(): on lcores it is asked for frames only, for two at a time at most. */
static void *take(PCRE2_SIZE size, void *argument)
{
	struct match_memory *memory = argument;

	if (size <= MATCH_SMALL_BYTES && ROUND_UP(size) <= MATCH_SMALL_BYTES - memory->bytes_used) {
		void *at = (char *)memory + memory->bytes_used;
		memory->bytes_used += (uint32_t)ROUND_UP(size);
		return at;
	}
	for (int i = 0; i < 2; i++) {
		if (size <= MATCH_FRAME_ROOM && !memory->is_frame_room_taken[i]) {
			memory->is_frame_room_taken[i] = true;
			return frame_room(memory, i);
		}
	}
	return NULL;
}

static void give_back(void *piece, void *argument)
{
	struct match_memory *memory = argument;

	for (int i = 0; i < 2; i++)
		if (piece == frame_room(memory, i))
			memory->is_frame_room_taken[i] = false;
}

void match_scratch_init(struct match_scratch *scratch, void *memory)
{
	struct match_memory *own = memory;

	*own = (struct match_memory){.bytes_used = ROUND_UP(sizeof(*own))};
	pcre2_general_context *general = pcre2_general_context_create(take, give_back, own);
	*scratch = (struct match_scratch){
		.confirm_data = pcre2_match_data_create(1, general),
		.confirm_limits = pcre2_match_context_create(general),
		.memory = memory,
	};
	assert(scratch->confirm_data && scratch->confirm_limits); /* some hundred bytes each */
	pcre2_set_match_limit(scratch->confirm_limits, MATCH_STEPS_MAX);
	pcre2_set_heap_limit(scratch->confirm_limits, MATCH_FRAMES_KB);
	/* From here on only frames are asked for. */
	own->bytes_used = MATCH_SMALL_BYTES;
}
