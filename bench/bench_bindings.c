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
	_Alignas(struct binding_set) char room[sizeof(struct binding_set) + sizeof(struct binding)];
	struct binding_set *set = (struct binding_set *)room;
	struct binding *binding = set->binding;
	char name[NAME_BYTES], domain[NAME_BYTES], aor[TEXT_BYTES], contact[TEXT_BYTES];
	uint8_t key[AOR_KEY_BYTES];

	snprintf(name, sizeof(name), user ? "phone-%u" : "alice", user);
	snprintf(domain, sizeof(domain), "c%u.example.net", company);
	snprintf(aor, sizeof(aor), "%s@%s", name, domain);
	snprintf(contact, sizeof(contact), "sip:%s@198.51.100.%u:5060;transport=udp;ob", name, 1 + user % 200);
	*set = (struct binding_set){.count = 1};
	*binding = (struct binding){.expires_tsc = UINT64_MAX, .q = 1000, .behind_nat = true};
	set->aor = span_of_text(aor);
	binding->contact = span_of_text(contact);
	binding->next_hop.port = (uint16_t)(1024 + user % 60000);
	memcpy(binding->next_hop.ip, (uint8_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 7}, 16);
	endpoint_key_make(key, provision_keys(pipeline_provision(pipeline))->aor_key, span_of_text(name),
			  span_of_text(domain));
	must(location_table_put(pipeline_location(pipeline), key, set) == STATUS_OK);
}

void bench_bindings_fill(struct pipeline *pipeline, uint32_t company_count, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		put(pipeline, i % company_count, i / company_count);
}
