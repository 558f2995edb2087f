/*
 * bench_directory - what it costs to find things in the tables of provisioning: a company among 10,000, an endpoint
 * among its 20, numbers to and from E.164, the way to an address among 1,000 neighbours.
 */
#include <stdio.h>

#include "arena.h"
#include "bench_report.h"
#include "caller_identify.h"
#include "must.h"
#include "name_table_build.h"
#include "wire.h"

#define COMPANIES  10000
#define ENDPOINTS  20
#define NEIGHBOURS 1000
#define LOOKUPS	   4096
#define TEXT_BYTES 48

struct bench {
	struct arena arena;
	struct directory directory;
	struct company company[COMPANIES];
	struct endpoint endpoint[ENDPOINTS];
	const struct company *order[COMPANIES];
	struct span domain[LOOKUPS], name[LOOKUPS];
	const struct company *of[LOOKUPS];
	struct wire_interface interface;
	struct wire_route route[3];
	struct wire_neighbour neighbour[NEIGHBOURS];
	struct wire wire;
	uint64_t wrong; /* results that were not what they had to be */
};

static struct bench bench;
static struct bench_report report;

/* As people dial in Spain (R31): national, international in two forms, internal, with a sign. */
static const char *const dialled[] = {"944000000", "0034944000000", "+34944000000", "2003", "0044207946000",
				      "600123123", "112",	    "101",	    "*21",  "+12125550100"};
static const char *const e164[] = {"+34944000000", "+442079460000", "+12125550100", "2003", "+34600123123"};

static struct span text(const char *format, uint32_t a)
{
	char *at = arena_take(&bench.arena, TEXT_BYTES);

	must(at != NULL);
	return span_make(at, (size_t)snprintf(at, TEXT_BYTES, format, a));
}

static void make_companies(void)
{
	struct directory *directory = &bench.directory;
	struct name_table endpoints = {0};

	must(name_table_build(&endpoints, &bench.arena, ENDPOINTS) == STATUS_OK);
	for (uint32_t i = 0; i < ENDPOINTS; i++) {
		bench.endpoint[i].name = text("phone-%u", i);
		name_table_build_add(&endpoints, bench.endpoint[i].name, i, false);
	}
	must(name_table_build(&directory->company_by_domain, &bench.arena, COMPANIES) == STATUS_OK);
	for (uint32_t i = 0; i < COMPANIES; i++) {
		struct company *company = &bench.company[i];
		company->domain = text("company-%u.example.net", i);
		company->endpoint = bench.endpoint;
		company->endpoint_count = ENDPOINTS;
		company->endpoint_by_name = endpoints;
		bench.order[i] = company;
		name_table_build_add(&directory->company_by_domain, company->domain, i, true);
	}
	directory->company = bench.order;
	directory->company_count = COMPANIES;
	for (uint32_t i = 0; i < LOOKUPS; i++) {
		uint32_t company = (i + 1) * 2654435761u % COMPANIES;
		bench.domain[i] = text(i % 8 ? "company-%u.example.net" : "Company-%u.Example.NET", company);
		bench.name[i] = text("phone-%u", i * 7 % ENDPOINTS);
		bench.of[i] = &bench.company[company];
	}
}

static void make_wire(void)
{
	for (uint32_t i = 0; i < NEIGHBOURS; i++) {
		uint8_t ip[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};
		net_address_set_v4(bench.neighbour[i].ip, ip);
	}
	net_address_set_v4(bench.interface.address[0], (uint8_t[]){10, 0, 255, 1});
	bench.interface.address_count = 1;
	for (uint32_t i = 0; i < 3; i++) {
		struct wire_route *route = &bench.route[i];
		net_address_set_v4(route->prefix.ip, (uint8_t[]){(uint8_t)(i == 2 ? 0 : 10), (uint8_t)(i == 0), 0, 0});
		route->prefix.length_bits = (uint8_t)(96 + (i == 2 ? 0 : 16));
		if (i != 1)
			net_address_set_v4(route->gateway, (uint8_t[]){10, 0, 0, 7});
	}
	bench.wire = (struct wire){.interface = &bench.interface,
				   .route = bench.route,
				   .neighbour = bench.neighbour,
				   .interface_count = 1,
				   .route_count = 3,
				   .neighbour_count = NEIGHBOURS};
}

static void find_companies(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < LOOKUPS; i++)
		bench.wrong += company_find_by_domain(&bench.directory, bench.domain[i]) != bench.of[i];
}

static void find_endpoints(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < LOOKUPS; i++)
		bench.wrong += endpoint_find(bench.of[i], bench.name[i]) != &bench.endpoint[i * 7 % ENDPOINTS];
}

static void write_e164(void *argument)
{
	const struct dial_plan *plan = argument;
	struct number number;

	for (uint32_t i = 0; i < LOOKUPS; i++)
		bench.wrong += !number_to_e164(&number,
					       span_of_text(dialled[i % (sizeof(dialled) / sizeof(dialled[0]))]), plan);
}

static void write_dialled(void *argument)
{
	const struct dial_plan *plan = argument;
	struct number number;

	for (uint32_t i = 0; i < LOOKUPS; i++)
		bench.wrong +=
			!number_from_e164(&number, span_of_text(e164[i % (sizeof(e164) / sizeof(e164[0]))]), plan);
}

/* Half of them behind a gateway. */
static void find_hops(void *argument)
{
	struct wire_hop hop;
	uint8_t ip[16];

	(void)argument;
	for (uint32_t i = 0; i < LOOKUPS; i++) {
		uint32_t at = i * 2654435761u % NEIGHBOURS;
		net_address_set_v4(ip, (uint8_t[]){10, (uint8_t)(i % 2), (uint8_t)(at >> 8), (uint8_t)at});
		bench.wrong += wire_find_hop(&hop, &bench.wire, ip) != WIRE_OK;
	}
}

int main(int argc, char **argv)
{
	struct dial_plan plan = {.country = country_find(SPAN_LITERAL("ES")), .area_code = SPAN_LITERAL("94")};

	if (!bench_report_init(&report, "bench_directory", argc, argv))
		return 2;
	make_companies();
	make_wire();
	bench_report_measure(&report, "company_find_by_domain", LOOKUPS, find_companies, NULL);
	bench_report_measure(&report, "endpoint_find", LOOKUPS, find_endpoints, NULL);
	bench_report_measure(&report, "number_to_e164", LOOKUPS, write_e164, &plan);
	bench_report_measure(&report, "number_from_e164", LOOKUPS, write_dialled, &plan);
	bench_report_measure(&report, "wire_find_hop", LOOKUPS, find_hops, NULL);
	arena_free(&bench.arena);
	if (bench.wrong)
		fprintf(stderr, "bench_directory: %llu operations had a wrong result: the numbers mean nothing\n",
			(unsigned long long)bench.wrong);
	return bench.wrong != 0;
}
