/*
 * authenticate_login.h - what the stage knows of the initial requests of a burst between its passes. Companies are many
 * and cold, so that each pass goes over all of them: what the next one reads is asked for while this one works.
 */
#ifndef AMITY_AUTHENTICATE_LOGIN_H
#define AMITY_AUTHENTICATE_LOGIN_H

#include "ban_table.h"
#include "digest_batch.h"
#include "packet.h"

#define AUTHENTICATE_LOGINS_MAX 32

/* What checking the credentials of one request came to. */
enum authentication {
	AUTHENTICATION_OK,
	AUTHENTICATION_NONE, /* no credentials for our realm */
	AUTHENTICATION_MALFORMED,
	AUTHENTICATION_WRONG,
	AUTHENTICATION_STALE,
	AUTHENTICATION_REPLAY,
	AUTHENTICATION_BANNED,
};

struct authenticate_login {
	struct packet *packet;
	const struct name_slot *place;	      /* where a search for the company of From begins */
	const struct company *const *of_from; /* where the directory names by_from */
	const struct company *by_from;	      /* NULL: From names none */
	uint8_t result;			      /* enum authentication; without credentials: why there are none */
	uint8_t parsed;	       /* the header whose credentials were parsed first; SIP_HEADER_NONE: there is none */
	uint8_t parsed_result; /* enum credentials_result; of no header as of another scheme */
	bool is_asked;	       /* neither refused nor known by its address */
	bool has_credentials;  /* of our realm; what follows is about these */
	uint8_t header;	       /* where they stand */
	bool is_banned;
	bool is_right;	       /* the digest is; of a name that does not exist it means nothing */
	bool has_key_of_row;   /* `key` was not hashed */
	uint32_t digest_index; /* in the batch */
	uint64_t nonce_name;   /* nonce_window.h */
	struct digest_credentials credentials;
	const struct endpoint *endpoint; /* NULL: the name does not exist */
	struct ban_key key;
};

struct authenticate_logins {
	uint32_t count;
	struct authenticate_login login[AUTHENTICATE_LOGINS_MAX];
	struct digest_batch digests;
};

#endif
