#include "answer_make.h"

#include <rte_mbuf.h>

#include "message_facts.h"
#include "nonce.h"
#include "packet_name.h"
#include "refusal_phrase.h"
#include "send.h"

#define ANSWER_EXTRA_BYTES 2048

static const char answer_allow[] =
	"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, MESSAGE, PRACK, UPDATE, INFO, REFER, NOTIFY\r\n";

/*
 * One challenge per algorithm (RFC 8760 2.4). MD5 stands first: many phones look at the topmost header alone and know
 * nothing else; those that know SHA-256 look at all.
 */
static void answer_challenge(struct text_writer *extra, const struct worker *worker, const struct packet *packet,
			     bool stale)
{
	static const struct span algorithms[] = {SPAN_LITERAL("MD5"), SPAN_LITERAL("SHA-256")};
	const struct sip_message *message = &packet->message;
	struct span realm = packet->caller.company->domain;
	struct nonce_scope scope = {realm, sip_message_text(message, message->call_id)};
	char nonce[NONCE_TEXT_BYTES];

	nonce_issue(nonce, &worker->snapshot->keys->nonce, worker->now_s, &scope, packet_name_shown(worker, packet));
	for (uint32_t i = 0; i < (worker->challenge_md5_only ? 1 : RTE_DIM(algorithms)); i++) {
		if (message->method == SIP_METHOD_REGISTER)
			text_write_literal(extra, "WWW-Authenticate: Digest realm=\"");
		else
			text_write_literal(extra, "Proxy-Authenticate: Digest realm=\"");
		text_write_span(extra, realm);
		text_write_literal(extra, "\", nonce=\"");
		text_write_span(extra, span_make(nonce, sizeof(nonce)));
		text_write_literal(extra, "\", algorithm=");
		text_write_span(extra, algorithms[i]);
		text_write_literal(extra, ", qop=\"auth\"");
		if (stale)
			text_write_literal(extra, ", stale=true");
		text_write_literal(extra, "\r\n");
	}
}

/* RFC 3261 20.40: what we do not support is named: to a proxy first, then to the one that answers. */
static void answer_unsupported(struct text_writer *extra, const struct sip_message *message)
{
	bool as_proxy = sip_message_has(message, SIP_HEADER_PROXY_REQUIRE);

	for (uint8_t i = message->first[as_proxy ? SIP_HEADER_PROXY_REQUIRE : SIP_HEADER_REQUIRE]; i != SIP_HEADER_NONE;
	     i = sip_message_next(message, i)) {
		text_write_literal(extra, "Unsupported: ");
		text_write_span(extra, sip_message_header_value(message, i));
		text_write_literal(extra, "\r\n");
	}
}

static void answer_extra_headers(struct text_writer *extra, const struct worker *worker, const struct packet *packet)
{
	switch (packet->reason) {
	case REASON_CHALLENGED_STALE:
	case REASON_CHALLENGED_REGISTER_STALE:
		answer_challenge(extra, worker, packet, true);
		break;
	case REASON_BAD_EXTENSION:
		answer_unsupported(extra, &packet->message);
		break;
	case REASON_OPTIONS_ANSWERED:
	case REASON_METHOD_NOT_ALLOWED:
		text_write_literal(extra, answer_allow);
		break;
	case REASON_EVENT_NOT_SUPPORTED:
		text_write_literal(extra, "Allow-Events: refer\r\n");
		break;
	case REASON_PUNT_RING_FULL:
	case REASON_TRANSACTIONS_FULL:
	case REASON_CALLS_PER_SECOND:
		text_write_literal(extra, "Retry-After: 1\r\n");
		break;
	case REASON_CALL_TABLE_FULL:
		text_write_literal(extra, "Retry-After: 10\r\n");
		break;
	case REASON_DRAINING:
		text_write_literal(extra, "Retry-After: 60\r\n");
		break;
	default:
		if (reason_rows[packet->reason].status == 401 || reason_rows[packet->reason].status == 407)
			answer_challenge(extra, worker, packet, false);
	}
}

/* Result: false when it does not fit into `out`, which may be NULL. */
static bool answer_fill(struct rte_mbuf *out, const struct sip_message *request, const struct answer *answer)
{
	if (!out)
		return false;
	int length = answer_write(rte_pktmbuf_mtod(out, char *), rte_pktmbuf_tailroom(out), request, answer);
	rte_pktmbuf_data_len(out) = (uint16_t)(length < 0 ? 0 : length);
	rte_pktmbuf_pkt_len(out) = rte_pktmbuf_data_len(out);
	return length >= 0;
}

enum reason answer_make(struct rte_mbuf **made, struct worker *worker, struct packet *packet,
			const struct answer *answer)
{
	struct rte_mbuf *out = send_begin_reserved(worker, packet);
	bool fits = answer_fill(out, &packet->message, answer);

	if (out && !fits) {
		rte_pktmbuf_free(out);
		out = send_begin_large(worker);
		fits = answer_fill(out, &packet->message, answer);
	}
	if (fits) {
		*made = out;
		return REASON_NONE;
	}
	enum reason reason = out ? REASON_TOO_LARGE : REASON_NO_BUFFER;
	rte_pktmbuf_free(out);
	return reason;
}

enum reason answer_make_refusal(struct rte_mbuf **made, struct worker *worker, struct packet *packet)
{
	const struct reason_row *row = &reason_rows[packet->reason];
	char extra_text[ANSWER_EXTRA_BYTES], tag[ANSWER_TAG_BYTES], phrase[REFUSAL_PHRASE_BYTES_MAX];
	struct text_writer extra = text_write_begin(extra_text, sizeof(extra_text));

	answer_extra_headers(&extra, worker, packet);
	answer_make_tag(tag, &packet->message, worker->snapshot->keys->tag_key);
	struct answer answer = {
		.status = row->status,
		.phrase = refusal_phrase_write(phrase, (enum reason)packet->reason, packet->decision.acl),
		.to_tag = span_make(tag, sizeof(tag)),
		.extra_headers = extra.overflowed ? (struct span){0} : text_written(&extra),
		.source = packet->source,
		.via_stays = packet->via_stays,
	};
	return answer_make(made, worker, packet, &answer);
}
