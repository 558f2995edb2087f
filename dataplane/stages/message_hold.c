#include "message_hold.h"

#include <rte_mbuf.h>

#include "send.h"

struct rte_mbuf *message_hold(struct span *text, struct worker *worker, const struct packet *packet)
{
	const struct dataplane *dataplane = worker->dataplane;
	struct rte_mbuf *mbuf = packet->mbuf;
	bool is_of_port = mbuf->pool != dataplane->pool && mbuf->pool != dataplane->large_pool;
	struct rte_mbuf *copied = is_of_port ? send_begin_copy(worker, packet->bytes) : NULL;

	if (copied) {
		*text = span_make(rte_pktmbuf_mtod(copied, const char *), packet->bytes.length);
		return copied;
	}
	rte_mbuf_refcnt_update(mbuf, 1);
	*text = packet->bytes;
	return mbuf;
}
