#include "message_hold.h"

#include <rte_mbuf.h>

#include "send.h"

/* Of the buffer that a copy needs. */
static enum kept_size find_size(const struct worker *worker, uint32_t bytes)
{
	uint32_t room = rte_pktmbuf_data_room_size(worker->dataplane->pool) - RTE_PKTMBUF_HEADROOM;

	if (bytes <= room)
		return KEPT_SMALL;
	/* Frames may be larger than that. */
	bool has_medium = worker->transactions.size_max[KEPT_MEDIUM] > 0;
	return has_medium && bytes <= KEPT_MESSAGE_MEDIUM_BYTES ? KEPT_MEDIUM : KEPT_LARGE;
}

bool message_hold_has_room(const struct worker *worker, const struct rte_mbuf *mbuf, uint32_t bytes, uint32_t count)
{
	return mbuf->pool == worker->dataplane->pool ||
	       transaction_table_has_room_for(&worker->transactions, find_size(worker, bytes), count);
}

/* Result: NULL when there is no buffer, or none that is smaller. */
static struct rte_mbuf *copy(struct worker *worker, struct span text, enum kept_size size)
{
	if (size == KEPT_LARGE)
		return NULL;
	struct rte_mbuf *mbuf =
		size == KEPT_SMALL ? send_begin(worker) : rte_pktmbuf_alloc(worker->dataplane->medium_pool);
	if (!mbuf)
		return NULL;
	/* It is read where it is and sent as a copy: nothing is put in front of it. */
	if (size == KEPT_MEDIUM)
		mbuf->data_off = 0;
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)text.length), text.at, text.length);
	return mbuf;
}

struct rte_mbuf *message_hold(struct span *text, struct worker *worker, struct rte_mbuf *mbuf, enum message_hold what)
{
	const struct transaction_table *table = &worker->transactions;
	struct rte_mbuf *copied = NULL;

	if (mbuf->pool != worker->dataplane->pool) {
		enum kept_size size = find_size(worker, (uint32_t)text->length);
		if (what == MESSAGE_HOLD_RESPONSE &&
		    !transaction_table_has_room_for(table, size, 1 + table->size_max[size] / 2))
			return NULL;
		copied = copy(worker, *text, size);
	}
	if (copied) {
		*text = span_make(rte_pktmbuf_mtod(copied, const char *), text->length);
		return copied;
	}
	rte_mbuf_refcnt_update(mbuf, 1);
	return mbuf;
}
