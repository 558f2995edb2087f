#include "registrar_batch.h"

#include <stdlib.h>

#include "reason.h"

bool registrar_batch_add(struct registrar_batch *batch, const struct reinject_path *path, struct span text,
			 uint32_t common_length)
{
	struct batch_answer *answer = &batch->answer[batch->count];
	char *copy = malloc(text.length);
	if (!copy)
		return false;
	memcpy(copy, text.at, text.length);
	*answer = (struct batch_answer){*path, copy, text.length, common_length};
	batch->count++;
	return true;
}

uint32_t registrar_batch_release(struct registrar_batch *batch, struct reinject *reinject)
{
	uint32_t lost = 0;
	for (uint32_t i = 0; i < batch->count; i++) {
		struct batch_answer *answer = &batch->answer[i];
		if (!reinject_send(reinject, &answer->path, span_make(answer->text, answer->length)))
			lost++;
		free(answer->text);
	}
	batch->count = 0;
	return lost;
}

void registrar_batch_refuse(struct registrar_batch *batch, struct reinject *reinject)
{
	/* The common lines came out of one datagram; the rest is short. */
	char text[UINT16_MAX];
	const struct reason_row *row = &reason_rows[REASON_REGISTER_NOT_STORED];
	for (uint32_t i = 0; i < batch->count; i++) {
		struct batch_answer *kept = &batch->answer[i];
		struct register_answer answer = {.at = text, .size = sizeof(text)};
		register_answer_restart(&answer, (struct register_status){row->status, row->phrase},
					span_make(kept->text, kept->length), kept->common_length);
		register_answer_line(&answer, "Retry-After: 10\r\n");
		register_answer_end(&answer);
		if (!answer.overflow)
			(void)reinject_send(reinject, &kept->path, span_make(text, answer.length));
		free(kept->text);
	}
	batch->count = 0;
}
