#include "client_branch.h"

#include <rte_mbuf.h>
#include <sodium.h>

#include "hop_request_write.h"
#include "message_hold.h"
#include "message_parse.h"
#include "send.h"
#include "sip_timers.h"

static struct transaction *transaction_of(struct worker *worker, const struct branch *branch)
{
	return &worker->transactions.transaction[branch->transaction];
}

/* In ticks since the branch's request was sent. */
static uint32_t ticks_until(const struct worker *worker, const struct branch *branch, uint64_t ticks_from_now)
{
	return (uint32_t)RTE_MIN(worker->now_tick - branch->sent_tick + ticks_from_now,
				 (uint64_t)BRANCH_TICKS_NEVER - 1);
}

static void schedule(struct worker *worker, struct branch *branch)
{
	uint32_t due_ticks = RTE_MIN(branch->retransmit_ticks, branch->deadline_ticks);

	timer_wheel_start(&worker->wheel, &branch->timer, branch->sent_tick + due_ticks);
}

static uint32_t ring_ticks(const struct branch *branch)
{
	return branch->ring_s * (uint32_t)SIP_TICKS(1000);
}

static const struct net_entry *entry_of(const struct branch *branch)
{
	return branch->entry.interface == BRANCH_NO_ENTRY ? NULL : &branch->entry;
}

_Static_assert(crypto_stream_chacha20_NONCEBYTES == sizeof(uint64_t), "its turn");
_Static_assert(crypto_stream_chacha20_KEYBYTES == sizeof(((struct worker *)0)->branch_key), "a key");

static uint64_t take_secret(struct worker *worker)
{
	struct branch_secrets *secrets = &worker->branch_secrets;

	if (secrets->count == 0) {
		uint64_t turn = secrets->turn++;
		crypto_stream_chacha20((uint8_t *)secrets->secret, sizeof(secrets->secret), (const uint8_t *)&turn,
				       worker->branch_key);
		secrets->count = BRANCH_SECRETS;
	}
	return secrets->secret[--secrets->count];
}

bool client_branch_begin(struct worker *worker, struct transaction *transaction, struct packet *packet)
{
	struct transaction_table *table = &worker->transactions;
	struct branch *branch = transaction_table_add_branch(table, transaction);

	if (!branch)
		return false;
	uint32_t slot = branch_index(table, branch);
	branch->secret = take_secret(worker);
	branch->step = packet->step_count;
	branch->destination = packet->destination;
	branch->entry.interface = BRANCH_NO_ENTRY;
	if (packet->entry)
		branch->entry = *packet->entry;
	branch->retransmit_ticks = branch->deadline_ticks = BRANCH_TICKS_NEVER;
	branch->codecs = packet->dialog.codecs;
	if (packet->kind == PACKET_INITIAL) {
		branch->codecs = route_codecs(&packet->request, &packet->decision);
		branch->outcome = packet->decision.outcome;
		branch->ring_s = transaction->is_invite ? packet->decision.ring_s : 0;
	}
	transaction->pending_count++;
	packet->branch = branch;
	packet->branch_name = (struct branch_name){
		.node = worker->snapshot->keys->node_id,
		.worker = (uint8_t)worker->index,
		.generation = branch->generation,
		.slot = slot,
		.secret = branch->secret,
	};
	return true;
}

enum reason client_branch_find(struct branch **found, struct worker *worker, const struct branch_name *name)
{
	struct transaction_table *table = &worker->transactions;

	if (name->slot == TRANSACTION_NONE)
		return REASON_RESPONSE_STALE; /* of an ACK, which nobody answers */
	if (name->node != worker->snapshot->keys->node_id || name->worker != worker->index ||
	    name->slot >= table->branch_count)
		return REASON_RESPONSE_FORGED;
	struct branch *branch = &table->branch[name->slot];
	if (branch->generation != name->generation || branch->state == BRANCH_FREE)
		return REASON_RESPONSE_STALE;
	if (branch->secret != name->secret)
		return REASON_RESPONSE_FORGED;
	*found = branch;
	return REASON_NONE;
}

void client_branch_sent(struct worker *worker, struct branch *branch, struct rte_mbuf *out)
{
	struct span text = span_make(rte_pktmbuf_mtod(out, const char *), rte_pktmbuf_data_len(out));
	struct rte_mbuf *held = message_hold(&text, worker, out, MESSAGE_HOLD_REQUEST);

	transaction_table_keep(&worker->transactions, &branch->request, held, text);
	branch->sent_tick = worker->now_tick;
	branch->retransmit_ticks = SIP_T1;    /* A, E */
	branch->deadline_ticks = SIP_TIMEOUT; /* B, F */
	/* A CANCEL of the same burst: nobody is forwarded, B is what ends it. */
	if (branch->cancel != BRANCH_CANCEL_NONE)
		branch->ring_s = 0;
	branch->ring_limited = branch->ring_s && ring_ticks(branch) < SIP_TIMEOUT;
	if (branch->ring_limited)
		branch->deadline_ticks = ring_ticks(branch);
	schedule(worker, branch);
}

static void send_text(struct worker *worker, const struct branch *branch, struct span text)
{
	send_copy(worker, text, &branch->destination, entry_of(branch));
}

/* What is kept is a message of our own: it parses. */
static bool read_invite(struct worker *worker, const struct branch *branch)
{
	struct span text = kept_message_text(&branch->request);

	return text.length && message_parse(&worker->work.message, text) == REASON_NONE;
}

/* The ACK (`to`: that of the response) or the CANCEL (NULL) of a branch's INVITE. Result: NULL: it cannot be made. */
static struct rte_mbuf *make_hop_request(struct worker *worker, const struct branch *branch, const struct span *to)
{
	const struct sip_message *invite = &worker->work.message;

	if (!read_invite(worker, branch))
		return NULL;
	for (uint32_t attempt = 0; attempt < 2; attempt++) {
		struct rte_mbuf *mbuf = attempt == 0 ? send_begin(worker) : send_begin_large(worker);
		if (!mbuf)
			return NULL;
		char *room = rte_pktmbuf_mtod(mbuf, char *);
		uint32_t capacity = rte_pktmbuf_tailroom(mbuf);
		int length = to ? hop_request_write_ack(room, capacity, invite, *to)
				: hop_request_write_cancel(room, capacity, invite);
		if (length >= 0) {
			rte_pktmbuf_append(mbuf, (uint16_t)length);
			return mbuf;
		}
		rte_pktmbuf_free(mbuf);
	}
	return NULL;
}

/* From now on the branch keeps the ACK in the place of the INVITE: it is what a retransmitted response asks for. */
static void acknowledge(struct worker *worker, struct branch *branch, const struct sip_message *response)
{
	struct span to = sip_message_first(response, SIP_HEADER_TO);
	struct rte_mbuf *ack = make_hop_request(worker, branch, &to);

	if (!ack) {
		worker->counters->value[COUNTER_TRANSMIT_DROPPED]++;
		transaction_table_give_back(&worker->transactions, &branch->request);
		return;
	}
	struct span text = span_make(rte_pktmbuf_mtod(ack, const char *), rte_pktmbuf_data_len(ack));
	worker->counters->value[COUNTER_ACKS_SENT]++;
	send_text(worker, branch, text);
	struct rte_mbuf *held = message_hold(&text, worker, ack, MESSAGE_HOLD_RESPONSE);
	transaction_table_keep(&worker->transactions, &branch->request, held, text);
	rte_pktmbuf_free(ack);
}

static void send_cancel(struct worker *worker, struct branch *branch)
{
	struct rte_mbuf *cancel = make_hop_request(worker, branch, NULL);

	if (!cancel) {
		worker->counters->value[COUNTER_TRANSMIT_DROPPED]++;
		return;
	}
	worker->counters->value[COUNTER_CANCELS_SENT]++;
	send_message(worker, cancel, &branch->destination, entry_of(branch));
}

static void begin_cancel(struct worker *worker, struct branch *branch)
{
	branch->cancel = BRANCH_CANCEL_SENT;
	branch->ring_limited = false;
	branch->retransmissions = 0;
	branch->retransmit_ticks = ticks_until(worker, branch, SIP_T1);	   /* E of the CANCEL */
	branch->deadline_ticks = ticks_until(worker, branch, SIP_TIMEOUT); /* 9.1: then it counts as cancelled */
	schedule(worker, branch);
	send_cancel(worker, branch);
}

void client_branch_cancel(struct worker *worker, struct branch *branch)
{
	if (branch->cancel != BRANCH_CANCEL_NONE || !client_branch_is_pending(branch) ||
	    !transaction_of(worker, branch)->is_invite)
		return;
	if (branch->state == BRANCH_PROCEEDING) {
		begin_cancel(worker, branch);
		return;
	}
	branch->cancel = BRANCH_CANCEL_WANTED;
	if (branch->ring_limited) {
		branch->ring_limited = false;
		branch->deadline_ticks = SIP_TIMEOUT; /* B */
		schedule(worker, branch);
	}
}

void client_branch_cancel_answered(struct worker *worker, struct branch *branch, uint16_t status)
{
	if (branch->cancel != BRANCH_CANCEL_SENT && branch->cancel != BRANCH_CANCEL_PROCEEDING)
		return;
	if (status < 200) {
		branch->cancel = BRANCH_CANCEL_PROCEEDING;
		return;
	}
	branch->cancel = BRANCH_CANCEL_ANSWERED;
	branch->retransmit_ticks = BRANCH_TICKS_NEVER;
	if (client_branch_is_pending(branch))
		schedule(worker, branch);
}

static void linger(struct worker *worker, struct branch *branch, enum branch_state state, uint64_t ticks)
{
	struct transaction *transaction = transaction_of(worker, branch);

	branch->state = (uint8_t)state;
	branch->retransmit_ticks = BRANCH_TICKS_NEVER;
	branch->deadline_ticks = ticks_until(worker, branch, ticks);
	transaction->pending_count--;
	schedule(worker, branch);
}

static enum branch_event receive_provisional(struct worker *worker, struct branch *branch, uint16_t status)
{
	bool is_invite = transaction_of(worker, branch)->is_invite;

	if (!client_branch_is_pending(branch))
		return BRANCH_EVENT_NONE;
	bool first = branch->state == BRANCH_CALLING;
	branch->state = BRANCH_PROCEEDING;
	if (!is_invite) /* 17.1.2.2: E goes on, at T2 from its next turn on */
		return BRANCH_EVENT_NONE;
	if (branch->cancel == BRANCH_CANCEL_WANTED) {
		begin_cancel(worker, branch);
		return BRANCH_EVENT_NONE;
	}
	if (branch->cancel != BRANCH_CANCEL_NONE)
		return BRANCH_EVENT_NONE;
	if (first || status > 100) { /* 16.7 step 2 */
		uint32_t c_ticks = ticks_until(worker, branch, SIP_TIMER_C);
		branch->retransmit_ticks = BRANCH_TICKS_NEVER;
		branch->ring_limited = branch->ring_s && ring_ticks(branch) < c_ticks;
		branch->deadline_ticks = branch->ring_limited ? ring_ticks(branch) : c_ticks;
		schedule(worker, branch);
	}
	return status > 100 ? BRANCH_EVENT_PROVISIONAL : BRANCH_EVENT_NONE;
}

static enum branch_event receive_accepted(struct worker *worker, struct branch *branch)
{
	if (client_branch_is_pending(branch)) {
		linger(worker, branch, BRANCH_ACCEPTED, SIP_TIMEOUT); /* M */
		transaction_table_give_back(&worker->transactions, &branch->request);
	}
	return branch->state == BRANCH_ACCEPTED ? BRANCH_EVENT_ACCEPTED : BRANCH_EVENT_NONE;
}

enum branch_event client_branch_receive(struct worker *worker, struct branch *branch,
					const struct sip_message *response)
{
	bool is_invite = transaction_of(worker, branch)->is_invite;
	uint16_t status = response->status_code;

	if (status < 200)
		return receive_provisional(worker, branch, status);
	if (is_invite && status < 300)
		return receive_accepted(worker, branch);
	if (client_branch_is_pending(branch)) {
		linger(worker, branch, BRANCH_COMPLETED, is_invite ? SIP_TIMEOUT : SIP_T4); /* D, K */
		if (is_invite)
			acknowledge(worker, branch, response);
		else
			transaction_table_give_back(&worker->transactions, &branch->request);
		return BRANCH_EVENT_FINAL;
	}
	if (is_invite && branch->state == BRANCH_COMPLETED && branch->request.mbuf) {
		worker->counters->value[COUNTER_ACKS_SENT]++;
		send_text(worker, branch, kept_message_text(&branch->request));
	}
	return BRANCH_EVENT_NONE;
}

void client_branch_give_up(struct worker *worker, struct branch *branch)
{
	if (!client_branch_is_pending(branch))
		return;
	branch->state = BRANCH_ENDED;
	transaction_of(worker, branch)->pending_count--;
	timer_wheel_stop(&worker->wheel, &branch->timer);
	transaction_table_give_back(&worker->transactions, &branch->request);
}

/* A: doubling without an end; E: up to T2, T2 once a provisional response came; CANCEL: as E. */
static void retransmit(struct worker *worker, struct branch *branch)
{
	bool is_request = branch->cancel < BRANCH_CANCEL_SENT;
	bool is_invite = is_request && transaction_of(worker, branch)->is_invite;
	uint64_t interval;

	branch->retransmissions++;
	if (is_request ? !is_invite && branch->state == BRANCH_PROCEEDING : branch->cancel == BRANCH_CANCEL_PROCEEDING)
		interval = SIP_T2;
	else
		interval = sip_timers_interval(branch->retransmissions, is_invite ? UINT64_MAX : SIP_T2);
	branch->retransmit_ticks = ticks_until(worker, branch, interval);
	schedule(worker, branch);
	if (!is_request) {
		send_cancel(worker, branch);
		return;
	}
	worker->counters->value[COUNTER_REQUESTS_REPEATED]++;
	send_text(worker, branch, kept_message_text(&branch->request));
}

/* The time of a forward is over. Who has not even said 100 is asked on until B: it may have rung all the same (9.1). */
static enum branch_timeout expire_ring(struct worker *worker, struct branch *branch)
{
	client_branch_cancel(worker, branch);
	return BRANCH_TIMEOUT_RING;
}

enum branch_timeout client_branch_expire(struct worker *worker, struct branch *branch)
{
	if (!client_branch_is_pending(branch)) {
		branch->state = BRANCH_ENDED;
		transaction_table_give_back(&worker->transactions, &branch->request);
		return BRANCH_TIMEOUT_LINGER;
	}
	if (worker->now_tick - branch->sent_tick < branch->deadline_ticks) {
		retransmit(worker, branch);
		return BRANCH_TIMEOUT_NONE;
	}
	if (branch->ring_limited)
		return expire_ring(worker, branch);
	/* 16.8: C of a branch that rings means CANCEL; who does not end then is given up. */
	if (branch->state == BRANCH_PROCEEDING && branch->cancel == BRANCH_CANCEL_NONE &&
	    transaction_of(worker, branch)->is_invite) {
		client_branch_cancel(worker, branch);
		return BRANCH_TIMEOUT_NONE;
	}
	client_branch_give_up(worker, branch);
	return BRANCH_TIMEOUT_REPLY;
}
