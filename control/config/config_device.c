#include "config_device.h"

#include <ctype.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static bool fail(char *error, const char *text)
{
	snprintf(error, CONFIG_ERROR_BYTES_MAX, "%s", text);
	return false;
}

/* The kernel's own rule for names. */
static bool check_interface(const char *device, char *error)
{
	size_t length = strlen(device);

	if (memchr(device, ',', length) != NULL)
		return fail(error,
			    "is a DPDK device with arguments, which needs profile direct; kernel takes the name of "
			    "an interface, see `ip link`");
	if (length >= IFNAMSIZ)
		return fail(error, "is longer than the 15 bytes of an interface's name, see `ip link`");
	for (size_t i = 0; i < length; i++)
		if (device[i] == '/' || device[i] == ':' || isspace((unsigned char)device[i]))
			return fail(error,
				    "is no interface's name: those have no blank, slash or colon; see `ip link`");
	return true;
}

static size_t span_name(const char *text)
{
	size_t length = 0;

	while (islower((unsigned char)text[length]) || isdigit((unsigned char)text[length]) || text[length] == '_' ||
	       text[length] == '-')
		length++;
	return length;
}

/* "key=value,key=value" */
static bool check_arguments(const char *arguments, char *error)
{
	while (true) {
		size_t key = span_name(arguments), length = strcspn(arguments, ",");
		if (key == 0 || key + 1 >= length || arguments[key] != '=') {
			snprintf(error, CONFIG_ERROR_BYTES_MAX,
				 "has \"%.*s\" where an argument key=value should be, as in \"net_memif0,role=server\"",
				 (int)(length > 40 ? 40 : length), arguments);
			return false;
		}
		if (arguments[length] == '\0')
			return true;
		arguments += length + 1;
	}
}

static bool is_pci_address(const char *device)
{
	unsigned int domain, bus, slot, function;
	int end = 0;

	if (sscanf(device, "%x:%x:%x.%x%n", &domain, &bus, &slot, &function, &end) != 4 &&
	    sscanf(device, "%x:%x.%x%n", &bus, &slot, &function, &end) != 3)
		return false;
	return device[end] == '\0' || device[end] == ',';
}

static bool check_direct(const char *device, char *error)
{
	size_t name = strcspn(device, ",");

	if (!is_pci_address(device) && (strncmp(device, "net_", 4) != 0 || span_name(device) != name || name == 4))
		return fail(
			error,
			"is no DPDK device: those are named net_DRIVERn (net_memif0, net_tap0, net_ring0, net_pcap0, "
			"net_null0) or by a PCI address (0000:03:00.0)");
	return device[name] == '\0' || check_arguments(device + name + 1, error);
}

bool config_device_check(const char *device, enum config_profile profile, char error[CONFIG_ERROR_BYTES_MAX])
{
	return profile == CONFIG_PROFILE_KERNEL ? check_interface(device, error) : check_direct(device, error);
}
