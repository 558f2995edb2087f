#include <rte_ring.h>

#include "call_audit.h"
#include "call_track.h"
#include "stages.h"

/* CALLS, CALL. */
static bool is_asked_for(const struct inquire_progress *progress, const struct call_record *record)
{
	const struct inquiry *inquiry = progress->inquiry;

	if (record->state == CALL_FREE)
		return false;
	if (inquiry->kind == INQUIRY_CALL)
		return record->call_id_hash == progress->call_id_hash;
	return inquiry->company_id == 0 || record->company_id == inquiry->company_id ||
	       record->target_company_id == inquiry->company_id;
}

/* Result: false: no room. */
static bool give_record(struct inquiry *inquiry, const struct call_record *record)
{
	if (inquiry->count == inquiry->capacity)
		return false;
	((struct call_record *)inquiry->output)[inquiry->count++] = *record;
	return true;
}

/* Result: whether the inquiry is answered; of all below too. */
static bool list_calls(struct worker *worker)
{
	struct inquire_progress *progress = &worker->inquire;
	struct inquiry *inquiry = progress->inquiry;
	const struct call_table *calls = &worker->calls;

	for (uint32_t i = 0; i < INQUIRY_SLOTS_PER_BURST && progress->next < calls->count; i++) {
		const struct call_record *record = &calls->call[progress->next].record;
		if (is_asked_for(progress, record) && !give_record(inquiry, record)) {
			inquiry->cursor = progress->next;
			return true;
		}
		progress->next++;
	}
	inquiry->cursor = INQUIRY_CURSOR_END;
	return progress->next >= calls->count;
}

static bool find_call(struct worker *worker)
{
	struct inquiry *inquiry = worker->inquire.inquiry;

	if (inquiry->handle == CALL_NONE)
		return list_calls(worker);
	const struct call *call = call_table_find(&worker->calls, inquiry->handle);
	if (call)
		give_record(inquiry, &call->record);
	inquiry->cursor = INQUIRY_CURSOR_END;
	return true;
}

/* From the newest back, into the output from its end back. */
static bool list_decisions(struct worker *worker)
{
	struct inquire_progress *progress = &worker->inquire;
	struct inquiry *inquiry = progress->inquiry;
	struct decision *output = inquiry->output;

	for (uint32_t i = 0; i < INQUIRY_SLOTS_PER_BURST; i++) {
		const struct decision *decision =
			progress->decision ? decision_log_find(&worker->decisions, progress->decision - 1) : NULL;
		if (!decision || inquiry->count == inquiry->capacity) {
			memmove(output, output + inquiry->capacity - inquiry->count, inquiry->count * sizeof(*output));
			return true;
		}
		progress->decision--;
		if (decision_log_is_about(decision, inquiry->call_id, progress->call_id_hash))
			output[inquiry->capacity - ++inquiry->count] = *decision;
	}
	return false;
}

static bool count_calls(struct worker *worker)
{
	const struct call_table *calls = &worker->calls;

	worker->inquire.inquiry->counts = (struct call_counts){.trying = calls->state_count[CALL_TRYING],
							       .ringing = calls->state_count[CALL_RINGING],
							       .answered = calls->state_count[CALL_ANSWERED],
							       .capacity = calls->count,
							       .transactions = worker->transactions.used_count,
							       .transactions_max = worker->transactions.count};
	return true;
}

static bool go_on(struct worker *worker)
{
	switch ((enum inquiry_kind)worker->inquire.inquiry->kind) {
	case INQUIRY_CALLS:
		return list_calls(worker);
	case INQUIRY_CALL:
		return find_call(worker);
	case INQUIRY_WHY:
		return list_decisions(worker);
	case INQUIRY_AUDIT:
		return call_audit_go_on(worker);
	case INQUIRY_COUNT:
	default:
		return count_calls(worker);
	}
}

static void begin(struct worker *worker, struct inquiry *inquiry)
{
	struct inquire_progress *progress = &worker->inquire;

	*progress = (struct inquire_progress){.inquiry = inquiry, .decision = worker->decisions.count};
	inquiry->count = 0;
	if (inquiry->kind == INQUIRY_CALLS || inquiry->kind == INQUIRY_CALL)
		progress->next = inquiry->cursor;
	if (inquiry->call_id.length)
		progress->call_id_hash = call_track_hash_call_id(worker, inquiry->call_id);
	if (inquiry->kind == INQUIRY_AUDIT)
		call_audit_begin(worker);
}

void inquire_burst(struct worker *worker)
{
	struct inquire_progress *progress = &worker->inquire;
	void *asked;

	if (!progress->inquiry) {
		if (rte_ring_sc_dequeue(worker->dataplane->inquiry[worker->index], &asked) != 0)
			return;
		begin(worker, asked);
	}
	if (!go_on(worker))
		return;
	/* Pairs with the acquire load of the asker, who reads the results and may free the inquiry at once. */
	atomic_store_explicit(&progress->inquiry->done, true, memory_order_release);
	progress->inquiry = NULL;
}
