/*
 * register_answer.h - the registrar's answers, written from the request's own header lines (RFC 3261 8.2.6, 10.3; RFC
 * 3581).
 */
#ifndef AMITY_REGISTER_ANSWER_H
#define AMITY_REGISTER_ANSWER_H

#include "binding_record.h"
#include "register_parse.h"

struct register_answer {
	char *at; /* the caller's memory */
	uint32_t length, size;
	bool overflow; /* what did not fit is missing: do not send it */
};

struct register_status {
	uint32_t code;
	const char *phrase;
};

/* Status line, Via lines (topmost with received and rport), From, To with `tag` if it has none, Call-ID, CSeq. */
void register_answer_start(struct register_answer *answer, struct register_status status,
			   const struct register_request *request, const struct net_address *source, const char *tag);

/* The same with another status for an answer that was written already: copies its common lines from `from`. */
void register_answer_restart(struct register_answer *answer, struct register_status status, struct span from,
			     uint32_t common_length);

/* A line, "Name: value\r\n" in `format`. */
void register_answer_line(struct register_answer *answer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Contact lines with the remaining seconds, Path and Date of a 200. `list`: NULL or the bindings. */
void register_answer_bindings(struct register_answer *answer, const struct binding_list *list,
			      const struct register_request *request, int64_t now_unix_s);

/* Content-Length and the empty line. */
void register_answer_end(struct register_answer *answer);

/* Where the answer goes (RFC 3581 4): the source; without rport its address and the port of the sent-by, unless that
 * has another address, behind NAT (R35). As answer_destination() of the lcores. */
struct net_address register_answer_destination(const struct register_request *request,
					       const struct net_address *source);

#endif
