package admin

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"regulars/shared/access"
)

// Declarations are settings: these actions say for one field, resource or segment
// what change-settings says for all of them. What is not given is null in the patch,
// so that nothing stays of an earlier declaration.

type fieldBody struct {
	Name string `json:"name"`
	access.FieldType
}

type resourceBody struct {
	ID int64 `json:"id"`
	access.Resource
}

type segmentBody struct {
	ID int64 `json:"id"`
	access.Segment
}

type removedBody struct {
	Removed any `json:"removed"`
}

func declareField(ctx context.Context, h *Handler, a arguments) (any, error) {
	name := arg[string](a, "name")
	settings, err := h.declare(ctx, a, "declared_fields", name, map[string]any{"type": a["type"], "options": a["options"]})
	return fieldBody{name, settings.DeclaredFields[name]}, err
}

func declareResource(ctx context.Context, h *Handler, a arguments) (any, error) {
	id := int64(arg[int](a, "id"))
	settings, err := h.declare(ctx, a, "declared_resources", strconv.FormatInt(id, 10),
		map[string]any{"name": a["name"], "url": a["url"], "channels": a["channels"]})
	return resourceBody{id, settings.DeclaredResources[id]}, err
}

func declareSegment(ctx context.Context, h *Handler, a arguments) (any, error) {
	id := int64(arg[int](a, "id"))
	settings, err := h.declare(ctx, a, "segments", strconv.FormatInt(id, 10), map[string]any{"name": a["name"]})
	return segmentBody{id, settings.Segments[id]}, err
}

// declare puts one member into one of the settings that hold declarations.
func (h *Handler) declare(ctx context.Context, a arguments, setting, member string, declaration any) (access.Settings, error) {
	return h.registrar.ChangeSettings(ctx, arg[int](a, "tenant"), map[string]any{setting: map[string]any{member: declaration}})
}

func removeField(ctx context.Context, h *Handler, a arguments) (any, error) {
	name := arg[string](a, "name")
	return removeDeclared(ctx, h, a, "declared_fields", "field", "name", name, func(s access.Settings) []string {
		return slices.Sorted(maps.Keys(s.DeclaredFields))
	})
}

func removeResource(ctx context.Context, h *Handler, a arguments) (any, error) {
	return removeDeclared(ctx, h, a, "declared_resources", "resource", "id", strconv.Itoa(arg[int](a, "id")), func(s access.Settings) []string {
		return numbersOf(s.DeclaredResources)
	})
}

func removeSegment(ctx context.Context, h *Handler, a arguments) (any, error) {
	return removeDeclared(ctx, h, a, "segments", "segment", "id", strconv.Itoa(arg[int](a, "id")), func(s access.Settings) []string {
		return numbersOf(s.Segments)
	})
}

func numbersOf[V any](declared map[int64]V) []string {
	var names []string
	for _, n := range slices.Sorted(maps.Keys(declared)) {
		names = append(names, strconv.FormatInt(n, 10))
	}
	return names
}

// removeDeclared takes one member out of a setting. One that is not there is most
// likely a slip of the pen, so the error says what there is.
func removeDeclared(ctx context.Context, h *Handler, a arguments, setting, noun, parameter, member string, declared func(access.Settings) []string) (any, error) {
	settings, err := h.registrar.Tenant(ctx, arg[int](a, "tenant"))
	if err != nil {
		return nil, err
	}
	if names := declared(settings); !slices.Contains(names, member) {
		return nil, reject("undeclared", parameter, noun, member, orNone(nearest(member, names)))
	}
	_, err = h.declare(ctx, a, setting, member, nil)
	return removedBody{map[string]string{parameter: member}}, err
}

func orNone(names string) string {
	if names == "" {
		return "none"
	}
	return names
}
