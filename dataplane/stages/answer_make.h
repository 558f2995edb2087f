/*
 * answer_make.h - a response of our own as an mbuf that is ready to be sent.
 */
#ifndef AMITY_ANSWER_MAKE_H
#define AMITY_ANSWER_MAKE_H

#include "answer_write.h"
#include "worker.h"

/* To packet->message, in the packet's reserved buffer if it has one. Result: REASON_NONE and *made, which is the
 * caller's; NO_BUFFER, TOO_LARGE. Thread: lcore. */
enum reason answer_make(struct rte_mbuf **made, struct worker *worker, struct packet *packet,
			const struct answer *answer);

/* The same, as packet->reason says: status, phrase, our To tag, the headers that go with it (challenge, Allow, ...). */
enum reason answer_make_refusal(struct rte_mbuf **made, struct worker *worker, struct packet *packet);

#endif
