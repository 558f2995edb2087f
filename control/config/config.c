#include "config.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "config_device.h"
#include "config_schema.h"

void config_init(struct config *config)
{
	memset(config, 0, sizeof(*config));
	config_schema_set_defaults(config, &config_schema_node);
}

enum status config_set(struct config *config, const char *key, const char *value, const char *source,
		       struct problem_list *problems)
{
	char error[CONFIG_ERROR_BYTES_MAX];
	const struct config_item *item = config_schema_find(&config_schema_node, span_of_text(key));

	if (item && config_schema_set(config, item, span_of_text(value), error))
		return STATUS_OK;
	problem_add(problems, "%s %s: %s", source, value, item ? error : "unknown key");
	return STATUS_INVALID;
}

enum status config_add_kernel_interface(struct config *config, const char *device, struct problem_list *problems)
{
	char error[CONFIG_ERROR_BYTES_MAX];

	if (config->interface_count == WIRE_INTERFACES_MAX || strlen(device) >= CONFIG_DEVICE_BYTES_MAX || !*device) {
		problem_add(problems, "--interface %s: %s", device,
			    *device ? "too many interfaces, or a name too long" : "name an interface, see `ip link`");
		return STATUS_INVALID;
	}
	if (!config_device_check(device, CONFIG_PROFILE_KERNEL, error)) {
		problem_add(problems, "--interface %s %s", device, error);
		return STATUS_INVALID;
	}
	struct config_interface *interface = &config->interface[config->interface_count++];
	memset(interface, 0, sizeof(*interface));
	config_schema_set_defaults(interface, &config_schema_interface);
	strcpy(interface->device, device);
	return STATUS_OK;
}

uint16_t config_last_cpu(void)
{
	cpu_set_t allowed;
	uint16_t last = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return 0;
	for (uint16_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			last = cpu;
	return last;
}

static void validate_interface(const struct config *config, uint32_t index, struct problem_list *problems)
{
	const struct config_interface *interface = &config->interface[index];

	for (uint32_t i = 0; i < index; i++)
		if (strcmp(config->interface[i].device, interface->device) == 0)
			problem_add(problems, "interfaces: %s is named twice", interface->device);
	if (interface->profile == CONFIG_PROFILE_DIRECT && interface->address_count == 0)
		problem_add(problems,
			    "interfaces: %s has profile direct and no addresses: no kernel knows them, so list them",
			    interface->device);
	if (interface->profile == CONFIG_PROFILE_KERNEL && interface->peer_count > 0)
		problem_add(problems,
			    "interfaces: %s has peers, which only profile direct takes: the kernel resolves them",
			    interface->device);
	if (interface->profile == CONFIG_PROFILE_KERNEL && interface->vlan > 0)
		problem_add(
			problems,
			"interfaces: %s has a vlan, which only profile direct takes: name the kernel's device of that "
			"VLAN, as in `device: %s.%u`",
			interface->device, interface->device, interface->vlan);
	if (interface->mtu_bytes && interface->mtu_bytes < 576)
		problem_add(problems, "interfaces: mtu %u of %s is under 576 bytes, the least that IPv4 works with",
			    interface->mtu_bytes, interface->device);
}

enum status config_validate(const struct config *config, struct problem_list *problems)
{
	uint32_t before = problems->count + problems->omitted;
	long cpu_count = sysconf(_SC_NPROCESSORS_CONF);

	if (config->interface_count == 0)
		problem_add(problems,
			    "no interface: list `interfaces` in the configuration, or start with --interface IFNAME");
	for (uint32_t i = 0; i < config->interface_count; i++)
		validate_interface(config, i, problems);
	for (uint32_t i = 0; i < config->node.lcores.count; i++) {
		if (config->node.lcores.cpu[i] < cpu_count)
			continue;
		problem_add(problems, "node.lcores: CPU %u does not exist: this machine has 0 to %ld",
			    config->node.lcores.cpu[i], cpu_count - 1);
		break;
	}
	if (config->registrar.min_expires_s > config->registrar.max_expires_s)
		problem_add(problems, "registrar: min_expires %u s is over max_expires %u s",
			    config->registrar.min_expires_s, config->registrar.max_expires_s);
	return problems->count + problems->omitted == before ? STATUS_OK : STATUS_INVALID;
}
