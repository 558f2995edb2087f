#include "gun_call.h"

#include "gun_text.h"

#include <stdlib.h>

bool gun_call_init(struct gun_calls *calls, uint32_t count_max, uint32_t run)
{
	*calls = (struct gun_calls){.count_max = count_max, .free_first = GUN_CALL_NONE};
	calls->call = calloc(count_max, sizeof(*calls->call));
	calls->dialog = calloc(count_max, sizeof(*calls->dialog));
	memcpy(calls->suffix, "-........@sipgun", sizeof(calls->suffix));
	gun_text_write_hex8(calls->suffix + 1, run);
	return calls->call != NULL && calls->dialog != NULL;
}

void gun_call_free(struct gun_calls *calls)
{
	free(calls->call);
	free(calls->dialog);
	*calls = (struct gun_calls){0};
}

struct gun_call *gun_call_take(struct gun_calls *calls)
{
	struct gun_call *call;

	if (calls->free_first != GUN_CALL_NONE) {
		call = &calls->call[calls->free_first];
		calls->free_first = call->next_free;
	} else if (calls->unused_first < calls->count_max) {
		call = &calls->call[calls->unused_first++];
	} else {
		return NULL;
	}
	call->generation++;
	calls->live++;
	return call;
}

void gun_call_give(struct gun_calls *calls, struct gun_call *call)
{
	call->step = GUN_STEP_FREE;
	call->next_free = calls->free_first;
	calls->free_first = gun_call_index(calls, call);
	calls->live--;
}

struct gun_call *gun_call_find(const struct gun_calls *calls, struct span call_id)
{
	uint32_t index, generation;

	if (call_id.length != GUN_CALL_ID_BYTES + GUN_CALL_SUFFIX_BYTES ||
	    memcmp(call_id.at + GUN_CALL_ID_BYTES, calls->suffix, GUN_CALL_SUFFIX_BYTES) != 0 ||
	    !gun_text_read_hex8(&index, call_id.at) || !gun_text_read_hex8(&generation, call_id.at + 8) ||
	    index >= calls->unused_first)
		return NULL;
	struct gun_call *call = &calls->call[index];

	return call->generation == generation && call->step != GUN_STEP_FREE ? call : NULL;
}
