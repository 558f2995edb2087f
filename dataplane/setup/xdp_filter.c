#include "xdp_filter.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "xdp_filter_map.h"
#include "xdp_filter_object.h"

/* Names that xdp_filter.bpf.c gives; what `bpftool net` and `ip -d link` show. */
#define PROGRAM_NAME "amity_filter"
#define OWN_MAP_NAME "amity_own"
#define MAPS_MAX     4

_Static_assert(XDP_FILTER_OWN_MAX >= WIRE_INTERFACES_MAX * WIRE_ADDRESSES_MAX, "every address of ours has a place");

void xdp_filter_init(struct xdp_filter *filter)
{
	*filter = (struct xdp_filter){.file = -1, .link = -1, .own_map = -1};
}

static void close_descriptor(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
}

/* The program that is attached. Result: its descriptor, -1 when there is none or it cannot be read. */
static int find_attached(int interface_index, uint32_t *id, struct bpf_prog_info *shown)
{
	uint32_t bytes = sizeof(*shown);

	memset(shown, 0, sizeof(*shown));
	if (bpf_xdp_query_id(interface_index, 0, id) != 0 || *id == 0)
		return -1;
	int program = bpf_prog_get_fd_by_id(*id);
	if (program >= 0 && bpf_obj_get_info_by_fd(program, shown, &bytes) != 0)
		close_descriptor(&program);
	return program;
}

/* Only if it still is that program, and hangs there by netlink: a link does not let go. */
static bool detach(int interface_index, int program)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, only, .old_prog_fd = program);

	return bpf_xdp_detach(interface_index, 0, &only) == 0;
}

static enum status check_nobody_else(struct setup *setup, const char *interface, int index)
{
	struct bpf_prog_info shown;
	uint32_t id = 0;
	int program = find_attached(index, &id, &shown);
	enum status status = STATUS_OK;

	if (id == 0)
		return STATUS_OK;
	if (strcmp(shown.name, PROGRAM_NAME) != 0)
		status = setup_fail(setup, STATUS_CONFLICT,
				    "interface %s: it runs the XDP program \"%s\" (id %u) of another tool, which stays "
				    "as it is; take that away (ip link set dev %s xdp off) or use driver af_packet",
				    interface, shown.name, id, interface);
	else if (!detach(index, program)) /* left by a start that was killed before it had a link: ours to remove */
		status = setup_fail(setup, STATUS_CONFLICT,
				    "interface %s: another amityd runs on it with driver af_xdp (XDP program id %u)",
				    interface, id);
	close_descriptor(&program);
	return status;
}

/* Attaches the program as a link, for a moment: the kernel says whether it can. Result: 0 or errno. */
static int try_link(int index)
{
	struct bpf_object *object = bpf_object__open_mem(xdp_filter_object, xdp_filter_object_bytes, NULL);

	if (object == NULL)
		return errno;
	int error = -bpf_object__load(object), link = -1;
	if (error == 0) {
		struct bpf_program *program = bpf_object__find_program_by_name(object, PROGRAM_NAME);
		link = bpf_link_create(bpf_program__fd(program), index, BPF_XDP, NULL);
		error = link < 0 ? -link : 0;
	}
	close_descriptor(&link);
	bpf_object__close(object);
	return error;
}

enum status xdp_filter_check(struct setup *setup, const char *interface)
{
	int index = (int)if_nametoindex(interface);

	libbpf_set_print(NULL); /* what matters of it is in our own words */
	enum status status = check_nobody_else(setup, interface, index);
	int error = status == STATUS_OK ? try_link(index) : 0;
	if (error == EPERM || error == EACCES)
		return setup_fail(setup, STATUS_ENVIRONMENT,
				  "interface %s: driver af_xdp may not load its program; amityd needs root or CAP_BPF, "
				  "CAP_NET_ADMIN and CAP_NET_RAW",
				  interface);
	if (error != 0)
		return setup_fail(
			setup, STATUS_ENVIRONMENT,
			"interface %s: the kernel does not run an XDP program on it (%s); its MTU, or that of a "
			"veth's other end, may be too large for XDP: lower it, or use driver af_packet",
			interface, strerror(error));
	return status;
}

enum status xdp_filter_path(struct setup *setup, struct xdp_filter *filter, char path[XDP_FILTER_PATH_BYTES])
{
	filter->file = memfd_create("amity_xdp_filter", MFD_CLOEXEC);
	if (filter->file < 0 ||
	    write(filter->file, xdp_filter_object, xdp_filter_object_bytes) != (ssize_t)xdp_filter_object_bytes)
		return setup_fail(setup, STATUS_ENVIRONMENT, "no memory file for the XDP program: %s", strerror(errno));
	snprintf(path, XDP_FILTER_PATH_BYTES, "/proc/self/fd/%d", filter->file);
	return STATUS_OK;
}

static int open_own_map(int program)
{
	uint32_t ids[MAPS_MAX] = {0}, bytes = sizeof(struct bpf_prog_info);
	struct bpf_prog_info shown = {.nr_map_ids = MAPS_MAX, .map_ids = (uint64_t)(uintptr_t)ids};
	int found = -1;

	if (bpf_obj_get_info_by_fd(program, &shown, &bytes) != 0)
		return -1;
	for (uint32_t i = 0; i < shown.nr_map_ids && i < MAPS_MAX && found < 0; i++) {
		struct bpf_map_info map;
		uint32_t map_bytes = sizeof(map);
		memset(&map, 0, sizeof(map));
		found = bpf_map_get_fd_by_id(ids[i]);
		if (found >= 0 &&
		    (bpf_obj_get_info_by_fd(found, &map, &map_bytes) != 0 || strcmp(map.name, OWN_MAP_NAME) != 0))
			close_descriptor(&found);
	}
	return found;
}

enum status xdp_filter_take_over(struct setup *setup, struct xdp_filter *filter, const char *interface)
{
	int index = (int)if_nametoindex(interface);
	struct bpf_prog_info shown;
	uint32_t id = 0;
	int program = find_attached(index, &id, &shown);
	bool ours = program >= 0 && strcmp(shown.name, PROGRAM_NAME) == 0;

	close_descriptor(&filter->file);
	if (ours) {
		filter->own_map = open_own_map(program);
		if (filter->own_map >= 0 && detach(index, program))
			filter->link = bpf_link_create(program, index, BPF_XDP, NULL);
	}
	int error = errno;
	close_descriptor(&program);
	if (filter->link >= 0)
		return STATUS_OK;
	filter->link = -1;
	return setup_fail(setup, ours ? STATUS_ENVIRONMENT : STATUS_CONFLICT,
			  ours ? "interface %s: the XDP program cannot be tied to this process: %s"
			       : "interface %s: another tool's XDP program took it during the start: %s",
			  interface, ours ? strerror(error) : shown.name);
}

static bool is_own(const struct wire *wire, const struct xdp_filter_own *own)
{
	for (uint32_t i = 0; i < wire->interface_count; i++)
		for (uint32_t a = 0; a < wire->interface[i].address_count; a++)
			if (htons(wire->interface[i].sip_port) == own->port_be &&
			    memcmp(wire->interface[i].address[a], own->ip, sizeof(own->ip)) == 0)
				return true;
	return false;
}

static void forget_others(int map, const struct wire *wire)
{
	struct xdp_filter_own known[XDP_FILTER_OWN_MAX];
	uint32_t count = 0;

	while (count < XDP_FILTER_OWN_MAX &&
	       bpf_map_get_next_key(map, count ? &known[count - 1] : NULL, &known[count]) == 0)
		count++;
	for (uint32_t i = 0; i < count; i++)
		if (!is_own(wire, &known[i]))
			bpf_map_delete_elem(map, &known[i]);
}

enum status xdp_filter_set_own(const struct xdp_filter *filter, const struct wire *wire)
{
	static const uint8_t present = 1;
	enum status status = STATUS_OK;

	forget_others(filter->own_map, wire);
	for (uint32_t i = 0; i < wire->interface_count; i++) {
		const struct wire_interface *interface = &wire->interface[i];
		for (uint32_t a = 0; a < interface->address_count; a++) {
			struct xdp_filter_own own = {.port_be = htons(interface->sip_port)};
			memcpy(own.ip, interface->address[a], sizeof(own.ip));
			if (bpf_map_update_elem(filter->own_map, &own, &present, BPF_ANY) != 0)
				status = STATUS_ENVIRONMENT;
		}
	}
	return status;
}

void xdp_filter_release(struct xdp_filter *filter)
{
	close_descriptor(&filter->file);
	close_descriptor(&filter->own_map);
	close_descriptor(&filter->link);
}
