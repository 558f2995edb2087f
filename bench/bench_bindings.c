#include "bench_bindings.h"

#include <stdio.h>

#include "company.h"
#include "location_table.h"
#include "must.h"
#include "provision.h"

#define NAME_BYTES 32
#define TEXT_BYTES 100

static void put(struct pipeline *pipeline, uint32_t company, uint32_t user)
{
	struct location_binding binding = {.expires_tsc = UINT64_MAX, .q = 1000, .behind_nat = true};
	char name[NAME_BYTES], domain[NAME_BYTES], contact[TEXT_BYTES];
	uint8_t key[AOR_KEY_BYTES];

	snprintf(name, sizeof(name), user ? "phone-%u" : "alice", user);
	snprintf(domain, sizeof(domain), "c%u.example.net", company);
	snprintf(contact, sizeof(contact), "sip:%s@198.51.100.%u:5060;transport=udp;ob", name, 1 + user % 200);
	binding.contact = span_of_text(contact);
	binding.next_hop.port = (uint16_t)(1024 + user % 60000);
	net_address_set_v4(binding.next_hop.ip, (uint8_t[]){198, 51, 100, 7});
	endpoint_key_make(key, provision_keys(pipeline_provision(pipeline))->aor_key, span_of_text(name),
			  span_of_text(domain));
	struct binding_set *set = location_set_make(key, &binding, 1, (struct location_set_room){0});
	must(set);
	location_table_put(pipeline_location(pipeline), set);
}

void bench_bindings_fill(struct pipeline *pipeline, uint32_t company_count, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		put(pipeline, i % company_count, i / company_count);
}
