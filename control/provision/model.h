/*
 * model.h - what provisioning says (spec/friends.md section 1), as plain structs: one document, one model.
 *
 * Every value knows its place in the document, so that a check made later can still say line and column. Lists keep the
 * document's order. Which keys exist, their types, ranges and defaults are the rows of model_schema.c; reading,
 * exporting and comparing walk those rows and know no key by name.
 */
#ifndef AMITY_MODEL_H
#define AMITY_MODEL_H

#include "arena.h"

struct model_place {
	uint32_t line; /* from 1 */
	uint32_t column;
};

/* text NULL: absent, or refused when it was read (then it has a place); it is NUL-terminated and without NUL inside. */
struct model_text {
	const char *text;
	uint32_t length;
	struct model_place place;
};

/* Integers, booleans (0, 1) and choices (index); the default when not given. */
struct model_number {
	int64_t value;
	bool given;
	struct model_place place;
};

struct model_texts {
	const struct model_text *item;
	uint32_t count;
	bool given;
	bool refused; /* some element was */
	struct model_place place;
};

/* Elements have the size that their schema says; every element begins with a model_place. Use the typed accessors
 * below. */
struct model_list {
	void *item;
	uint32_t count;
	bool given;
	struct model_place place;
};

/* At most one is present (none: reserved). */
struct model_route {
	struct model_place place;
	struct model_text user;
	struct model_text friend_number;
	struct model_text extension;
	struct model_text number;
};

struct model_extension {
	struct model_place place;
	struct model_text number;
	struct model_route route;
};

struct model_ddi {
	struct model_place place;
	struct model_text number;
	struct model_text display;
	struct model_route route;
};

/* Exactly one is present. */
struct model_rule {
	struct model_place place;
	struct model_text allow;
	struct model_text deny;
};

enum model_acl_default {
	MODEL_ACL_DENY,
	MODEL_ACL_ALLOW,
};

struct model_acl {
	struct model_place place;
	struct model_text name;
	struct model_number default_action; /* enum model_acl_default */
	struct model_list rules;	    /* struct model_rule */
};

struct model_forward {
	struct model_place place;
	struct model_number when;  /* enum forward_when */
	struct model_number calls; /* enum forward_calls */
	struct model_number after_s;
	struct model_route to;
};

/* Keys that users and friends share. */
struct model_endpoint {
	struct model_text name;
	struct model_text password;
	struct model_text call_acl;
	struct model_text country;
	struct model_text area_code;
	struct model_texts codecs; /* R25; absent: [PCMA] */
	struct model_number multi_contact;
	struct model_number max_calls;
};

struct model_user {
	struct model_place place;
	struct model_endpoint endpoint;
	struct model_text extension;
	struct model_text display;
	struct model_text outgoing_ddi;
};

enum model_auth {
	MODEL_AUTH_DIGEST,
	MODEL_AUTH_SOURCE,
};

struct model_friend {
	struct model_place place;
	struct model_endpoint endpoint;
	struct model_text description;
	struct model_number priority;
	struct model_number auth; /* enum model_auth */
	struct model_text direct;
	struct model_text ruri_domain;
	struct model_texts patterns;
	struct model_text fallback_ddi;
	struct model_text from_user;
	struct model_text from_domain;
	struct model_number ddi_in;
	struct model_number always_transform;
	struct model_number max_cps;
	struct model_list forwards; /* struct model_forward */
};

struct model_company {
	struct model_place place;
	struct model_text name;
	struct model_text domain;
	struct model_text country;
	struct model_text area_code;
	struct model_text outgoing_ddi;
	struct model_number max_calls;
	struct model_texts emergency;
	struct model_texts sources;
	struct model_list users;      /* struct model_user */
	struct model_list friends;    /* struct model_friend */
	struct model_list extensions; /* struct model_extension */
	struct model_list ddis;	      /* struct model_ddi */
	struct model_list call_acls;  /* struct model_acl */
};

struct model_carrier {
	struct model_place place;
	struct model_text name;
	struct model_texts address;
	struct model_number priority;
	struct model_texts patterns;
	struct model_texts sources;
	struct model_text country;
	struct model_text from_domain;
	struct model_texts codecs; /* R25; absent, then empty: as offered */
	struct model_number max_calls;
};

struct model {
	struct model_place place;
	struct model_list carriers;  /* struct model_carrier */
	struct model_list companies; /* struct model_company */
	struct arena arena;	     /* owns every text and list, but for: */
	struct model **part;	     /* [companies.count], or NULL: whose arena owns what is in the company; NULL: this
					model's. A part has no other company. See model_part.h */
	uint32_t part_capacity;	     /* of both arrays, when there are parts */
};

static inline const struct model_company *model_companies(const struct model *model)
{
	return model->companies.item;
}

static inline const struct model_carrier *model_carriers(const struct model *model)
{
	return model->carriers.item;
}

static inline const struct model_user *model_users(const struct model_company *company)
{
	return company->users.item;
}

static inline const struct model_friend *model_friends(const struct model_company *company)
{
	return company->friends.item;
}

static inline const struct model_forward *model_forwards(const struct model_friend *friend)
{
	return friend->forwards.item;
}

static inline const struct model_extension *model_extensions(const struct model_company *company)
{
	return company->extensions.item;
}

static inline const struct model_ddi *model_ddis(const struct model_company *company)
{
	return company->ddis.item;
}

static inline const struct model_acl *model_acls(const struct model_company *company)
{
	return company->call_acls.item;
}

static inline const struct model_rule *model_rules(const struct model_acl *acl)
{
	return acl->rules.item;
}

static inline struct span model_span(const struct model_text *text)
{
	return span_make(text->text, text->length);
}

/* Result: NULL when there is none of that name. */
const struct model_company *model_find_company(const struct model *model, struct span name);

/* Result: model->companies.count when there is none of that name. */
uint32_t model_find_company_index(const struct model *model, struct span name);

/* NULL is allowed. */
void model_free(struct model *model);

#endif
