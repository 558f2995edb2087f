#include "router_ready.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "ctl_wire.h"
#include "net_mirror.h"
#include "provision.h"
#include "registrar.h"

static void print_addresses(FILE *out, const struct wire_interface *interface)
{
	for (uint32_t i = 0; i < interface->address_count; i++) {
		const uint8_t *ip = interface->address[i];
		bool is_v4 = net_address_is_v4(ip);
		char text[INET6_ADDRSTRLEN] = "?";
		inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? ip + 12 : ip, text, sizeof(text));
		fprintf(out, is_v4 ? " udp:%s:%u" : " udp:[%s]:%u", text, interface->sip_port);
	}
	if (interface->address_count == 0)
		fprintf(out, " no address yet: `ip address add ... dev %s`", interface->name);
}

static void print_mac(FILE *out, const uint8_t mac[6])
{
	fprintf(out, " at %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void print_counts(const struct router *router, FILE *out)
{
	const struct model *model = provision_model(router->provision);
	uint32_t users = 0, friends = 0;

	for (uint32_t i = 0; i < model->companies.count; i++) {
		users += model_companies(model)[i].users.count;
		friends += model_companies(model)[i].friends.count;
	}
	fprintf(out, "  serves   %u companies, %u users, %u friends, %u carriers (revision %llu); %u registrations\n",
		model->companies.count, users, friends, model->carriers.count,
		(unsigned long long)provision_revision(router->provision),
		registrar_counts(router->registrar).bindings);
}

void router_ready_print(const struct router *router, FILE *out)
{
	const struct wire *wire = net_mirror_wire(router->mirror);
	const char *socket = router->config->node.control_socket;
	bool is_default = strcmp(socket, CTL_SOCKET_DEFAULT) == 0;

	fprintf(out, "amityd %s is ready (pid %d)\n", AMITY_VERSION, (int)getpid());
	for (uint32_t i = 0; i < wire->interface_count; i++) {
		fprintf(out, "  %-8s", wire->interface[i].name);
		print_addresses(out, &wire->interface[i]);
		/* No kernel answers for it: whoever is on the other side has to be told. */
		if (router->config->interface[i].profile == CONFIG_PROFILE_DIRECT)
			print_mac(out, wire->interface[i].mac);
		fputc('\n', out);
	}
	fprintf(out, "  workers ");
	for (uint32_t i = 0; i < router->plan.worker_count; i++)
		fprintf(out, " CPU %u%s", router->plan.worker_cpu[i], i + 1 < router->plan.worker_count ? "," : "\n");
	fprintf(out, "  control  %s, for reading %s%s\n", socket, socket, CTL_READ_ONLY_SUFFIX);
	print_counts(router, out);
	fprintf(out, "  try      amityctl%s%s status | apply FILE | explain --company C --from ENDPOINT --to NUMBER\n",
		is_default ? "" : " --socket ", is_default ? "" : socket);
}
