/*
 * company_fixture.h - a directory for tests, made from literals: add companies, endpoints, routes and carriers, then
 * finish it, which builds the tables. Texts are literals that outlive the fixture. Mistakes end the program.
 *
 *   struct directory_fixture *fixture = directory_fixture_create();
 *   struct company_fixture *acme = directory_fixture_add_company(fixture, "acme", "acme.example.net", "ES", "94");
 *   company_fixture_add_user(acme, "alice", "101");
 *   directory_fixture_finish(fixture);          fixture->directory is ready
 */
#ifndef AMITY_COMPANY_FIXTURE_H
#define AMITY_COMPANY_FIXTURE_H

#include "directory.h"
#include "pattern_set_fixture.h"

#define FIXTURE_ROWS_MAX 64

struct company_fixture {
	struct directory_fixture *owner;
	struct company company;
	struct endpoint endpoint[FIXTURE_ROWS_MAX];
	struct extension extension[FIXTURE_ROWS_MAX];
	struct ddi ddi[FIXTURE_ROWS_MAX];
	struct call_acl acl[FIXTURE_ROWS_MAX];
	struct span emergency[FIXTURE_ROWS_MAX];
	struct net_prefix source[FIXTURE_ROWS_MAX];
	struct pattern_row pattern[FIXTURE_ROWS_MAX];
	struct forward forward[FIXTURE_ROWS_MAX][FORWARDS_MAX]; /* by endpoint */
	struct pattern_row rule[FIXTURE_ROWS_MAX];		/* owner: index of the ACL * 2 + allow */
	uint32_t pattern_count, rule_count;
};

struct directory_fixture {
	struct directory directory;
	struct match_scratch scratch;
	struct company_fixture *company[FIXTURE_ROWS_MAX];
	const struct company *company_block[FIXTURE_ROWS_MAX];
	struct carrier carrier[FIXTURE_ROWS_MAX];
	struct carrier_source carrier_source[FIXTURE_ROWS_MAX];
	struct direct_source direct_source[FIXTURE_ROWS_MAX];
	struct ddi_owner ddi_owner[FIXTURE_ROWS_MAX];
	struct pattern_row pattern[FIXTURE_ROWS_MAX];
	uint32_t pattern_count;
};

struct directory_fixture *directory_fixture_create(void);
void directory_fixture_free(struct directory_fixture *fixture);

/* Builds every table from what was added. Nothing may be added or renamed after it. */
void directory_fixture_finish(struct directory_fixture *fixture);

struct company_fixture *directory_fixture_add_company(struct directory_fixture *fixture, const char *name,
						      const char *domain, const char *country, const char *area_code);

/* A carrier at an IPv4 address; country NULL: +E.164. Without patterns it takes every number. */
struct carrier *directory_fixture_add_carrier(struct directory_fixture *fixture, const char *name, uint32_t priority,
					      const char *address, const char *country);
void directory_fixture_add_carrier_pattern(struct directory_fixture *fixture, const struct carrier *carrier,
					   const char *pattern);
/* Another address of the carrier, behind those that it has. */
void directory_fixture_add_carrier_address(struct carrier *carrier, const char *address);
void directory_fixture_add_carrier_source(struct directory_fixture *fixture, const struct carrier *carrier,
					  const char *address, uint8_t length_bits);

/* Both return the endpoint, to be changed before the fixture is finished. A user with extension gets that extension. */
struct endpoint *company_fixture_add_user(struct company_fixture *company, const char *name, const char *extension);
struct endpoint *company_fixture_add_friend(struct company_fixture *company, const char *name, uint16_t priority);
void company_fixture_make_direct(struct endpoint *endpoint, const char *address);

void company_fixture_add_pattern(struct company_fixture *company, const struct endpoint *endpoint, const char *pattern);
/* To ROUTE_EXTENSION or ROUTE_NUMBER. `after_s`: of FORWARD_NO_ANSWER, else 0. */
void company_fixture_add_forward(struct company_fixture *company, const struct endpoint *friend,
				 struct forward forward);
void company_fixture_add_extension(struct company_fixture *company, const char *number, struct route route);
void company_fixture_add_ddi(struct company_fixture *company, const char *number, const char *display,
			     struct route route);
const struct call_acl *company_fixture_add_acl(struct company_fixture *company, const char *name, bool default_allow);
void company_fixture_add_rule(struct company_fixture *company, const struct call_acl *acl, bool allow,
			      const char *pattern);
void company_fixture_add_emergency(struct company_fixture *company, const char *number);
void company_fixture_add_source(struct company_fixture *company, const char *address, uint8_t length_bits);

struct route fixture_route_none(void);
struct route fixture_route_user(const struct company_fixture *company, const struct endpoint *user);
struct route fixture_route_friend(const char *number);
struct route fixture_route_extension(const char *number);
struct route fixture_route_number(const char *number);

struct net_address fixture_address(const char *ipv4);

#endif
