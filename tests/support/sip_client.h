/*
 * sip_client.h - the peers' side of SIP in tests: messages from a few words, and answers to digest challenges.
 */
#ifndef AMITY_TESTS_SIP_CLIENT_H
#define AMITY_TESTS_SIP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define SIP_TEXT_BYTES_MAX 8192

/* What a request is made of; NULL fields take the defaults in brackets. */
struct sip_request {
	const char *method; /* [INVITE] */
	const char *uri;
	const char *from;     /* whole value without tag, e.g. "<sip:alice@acme.example.net>" */
	const char *to;	      /* whole value, tag included if there is one */
	const char *via;      /* sent-by ["192.0.2.7:5060"] */
	const char *branch;   /* ["z9hG4bKtest1"] */
	const char *call_id;  /* ["call1@test"] */
	const char *from_tag; /* ["callertag"] */
	unsigned int cseq;    /* [1] */
	const char *headers;  /* further lines, each with CRLF [""] */
	const char *body;     /* [""] */
};

/* Writes the request into `text`. */
void sip_request_write(char text[SIP_TEXT_BYTES_MAX], const struct sip_request *request);

/* Writes a response to the request `received`: its Vias, From, To (with `to_tag` unless it has one), Call-ID, CSeq,
 * Record-Route. */
void sip_response_write(char text[SIP_TEXT_BYTES_MAX], const char *received, int status, const char *to_tag,
			const char *headers);

/* The value of the nth (from 0) header line of that long name; false when there is none. */
bool sip_find_header(char *value, size_t size, const char *message, const char *name, unsigned int nth);

/* Status code of a response, 0 of a request. */
int sip_status(const char *message);

struct sip_account {
	const char *user;
	const char *password;
	const char *algorithm; /* "MD5" or "SHA-256"; NULL: MD5 */
	unsigned int nc;       /* 0: no qop (RFC 2069) */
};

/* A (Proxy-)Authorization line with CRLF that answers the challenge in the response. Fails the test when there is no
 * challenge. */
void sip_authorization_write(char line[1024], const char *challenge, const struct sip_account *account,
			     const char *method, const char *uri);

#endif
