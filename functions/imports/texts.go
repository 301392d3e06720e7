package imports

import (
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// Texts are the sentences of imports, in answers and in reports: rows says those of
// the dialect that reads the rows.
func Texts(rows errs.Texts) errs.Texts { return rows.With(formats) }

var formats = map[string]string{
	errs.CodeUnavailable: httpapi.Texts.Formats[errs.CodeUnavailable],

	"unknown_path":       "There is no such path. There are /imports, /imports/{id}, and below that cancel, resume and undo.",
	codeMethod:           "The path has another method: %v.",
	"bad_query":          "The query of the address cannot be read; write %% as %%25 and ; as %%3B.",
	"bad_number":         "%[1]v must be a whole number from %v to %v.",
	"unknown_parameter":  "There is no parameter %.60[1]q here. There are: %v.",
	"unknown_member":     "%.60[1]v: the body has no such member.",
	"wrong_type/boolean": "%.60[1]v must be true or false.",

	"import_unknown":       "There is no import %.60q.",
	"import_state/open":    "The import %v is %v; it can be undone when it has ended. Cancel it first.",
	"import_state/nothing": "The import %v is %v and has changed nothing.",
	"import_state/too_old": "The import %v is %v; an import can be undone for 30 days.",

	"import_state/no_dry_run": "The import %v is %v; a dry run that is done can be started.",
	"upload_unknown":          "There is no such file any more. Upload it again.",

	"tenant_unknown/absent": "There is no tenant %v.",
	"missing/search_value":  "The row has no %[1]v to find its customer by.",

	"bad_key/folder":    "The file must be below %v.",
	"bad_key/tenant":    "tenant=%.40v in the key of the file is not the number of a tenant, or stands there twice.",
	"bad_key/no_tenant": "The key of the file names no tenant; a key is like imports/tenant=5/matching=email/customers.csv.",

	"bad_option/number":     "%[1]v must be a whole number from 1 up, not %.40q.",
	"bad_option/delimiter":  "%[1]v must be comma, semicolon, tab or pipe, not %.40q.",
	"bad_option/empty":      "%[1]v must be clear or leave, not %.40q.",
	"bad_option/bool":       "%[1]v must be true or false, not %.40q.",
	"bad_option/unknown":    "%.60[1]q is no option of an import. There are: %v.",
	"bad_option/no_mapping": "%[1]v: there is no mapping %.100q, neither beside the file nor among those of the tenant.",

	"bad_file/gone":          "The file was deleted before it was imported.",
	"bad_file/empty":         "The file is empty.",
	"bad_file/delimiter":     "The delimiter %.20q is none; a comma, a semicolon, a tab or a vertical line is expected.",
	"bad_file/charset":       "The charset %.40q is not known; these are: %v.",
	"bad_file/no_mark":       "The file is said to be UTF-16 and has no byte order mark; declare utf-16le or utf-16be.",
	"bad_file/spreadsheet":   "Spreadsheets (%v) are not read. Save the sheet as CSV in UTF-8 and drop that file.",
	"bad_file/zip":           "Archives (%v) are not read. Unpack it and drop the files, each also compressed by gzip.",
	"bad_file/json":          "A JSON document is not read. Write JSON Lines (.jsonl): an object on each line.",
	"bad_file/name":          "A file whose name ends in %.20q is not read; .csv and .jsonl are, each also with .gz.",
	"bad_file/is_zip":        "The file is a zip archive or a spreadsheet. Save it as CSV in UTF-8, or unpack it.",
	"bad_file/is_gzip":       "The file is compressed by gzip; its name must end in .gz.",
	"bad_file/no_gzip":       "The file is called .gz and is not compressed by gzip.",
	"bad_file/other_kind":    "The file is no text with rows but %v, by its first bytes.",
	"bad_file/is_json_lines": "The file is called .csv and has JSON in it; its name must end in .jsonl.",
	"bad_file/no_json_lines": "The file is called .jsonl and does not begin with {.",
	"bad_file/gzip_size":     "The gzip file comes to more than %v bytes; divide it.",
	"bad_file/gzip_ratio":    "The gzip file comes to more than %v bytes for each of its own, which no export of customers does.",
	"bad_file/gzip_cut":      "The gzip file is cut short: it ends at byte %v within its data.",
	"bad_file/gzip_damaged":  "The gzip file is damaged before byte %v.",
	"bad_file/long_record":   "Record %v is longer than %v bytes. Is a quote before it not closed, or do the lines end otherwise?",
	"bad_file/open_quote":    "A quote is opened in record %v and never closed.",

	"bad_file/is_utf8":            "The file is said to be %v and is UTF-8; leave the charset out.",
	"bad_header/utf8":             "The header is not UTF-8. Declare the charset of the file, or save it as UTF-8.",
	"bad_header/too_long":         "The first line is longer than %v bytes.",
	"bad_header/open_quote":       "A quote is opened in the header and never closed.",
	"bad_header/characters":       "The column %[1]q has a character that cannot be stored, or that its charset does not have.",
	"bad_cell/utf8":               "%[1]v is not UTF-8. Declare the charset of the file, or save it as UTF-8.",
	"bad_header/quote":            "The header has a quote that does not enclose a name.",
	"bad_header/too_many_columns": "The header has more than %v columns.",
	"bad_header/nul":              "The header has a NUL character. UTF-16 needs its byte order mark or a declared charset.",
	"bad_header/line_ends":        "The lines of the file end with CR alone; save it with LF or CR LF.",
	"bad_header/doubled":          "The column %[1]v occurs twice in the header.",
	"bad_header/no_names":         "The header names no column.",
	"bad_header/same_target":      "The column %[1]v sets %v, which another column sets, too.",
	"bad_header/no_header":        "The file has no header: the first line, which begins with %.60q, has no column that is known.",

	"bad_column/name":         "The column %[1]v has no field's name.",
	"bad_column/function":     "The column %[1]v: %.40q is no function; these are: %v.",
	"bad_column/submatch":     "The column %[1]v: the function %v does not take what follows it.",
	"bad_column/no_function":  "The column %[1]v takes no function.",
	"bad_column/subscription": "The column %[1]v is no member of a subscription; subscriptions.0.email is one.",
	"bad_column/undeclared":   "The column %[1]v is the field %v, which is not declared; declare it, or ignore the column in a mapping.",
	"bad_column/points":       "The column %[1]v is not one of points.add, points.subtract, points.reason and points.ref_id.",
	"bad_column/order":        "The column %[1]v is not one of order.id, order.total and order.paid_at.",
	"bad_column/extension":    "There is no extension %.100[1]q.",

	"bad_mapping/too_long":       "The mapping is longer than %v bytes.",
	"bad_mapping/unknown_member": "The mapping has the member %[1]v, which means nothing.",
	"bad_mapping/type":           "The mapping: %[1]v must be %v, not %v.",
	"bad_mapping/doubled":        "The mapping: %[1]v names what is set elsewhere, too.",
	"bad_mapping/empty":          "The mapping: empty is %.40q; it is clear or leave.",
	"bad_mapping/numbers":        "The mapping: numbers is %.40q; it must show how 1234.5 is written, like 1.234,50.",
	"bad_mapping/dates":          "The mapping: dates is %.40q; something like DD.MM.YYYY or YYYY-MM-DD hh:mm:ss is expected.",

	"bad_row/cells":          "The row has %v cells, and the header %v.",
	"bad_row/bare_quote":     "The row has a quote within a cell that is not quoted, at byte %v.",
	"bad_row/quote":          "A quoted cell goes on behind its quote.",
	"bad_row/unnamed_column": "Cell %v is not empty, and its column has no name.",
	"bad_row/charset":        "The row has bytes that are no character of %v.",
	"bad_row/same_target":    "%[1]v sets %v, which is set otherwise, too.",
	"bad_row/points_both":    "The row gives points and takes points.",
	"bad_row/order_without":  "The order has no %v.",

	"bad_cell/charset":           "%[1]v has bytes that are no character of %v.",
	"bad_cell/nul":               "%[1]v has a NUL character.",
	"bad_cell/control_character": "%[1]v has the control character %v.",
	"bad_cell/date":              "%[1]v is not a date of the form %v.",
	"bad_cell/exponent":          "%[1]v is a number that a spreadsheet has shortened; its digits are lost.",
	"bad_cell/number":            "%[1]v is not a number as this file is said to write them.",
	"bad_cell/zeros":             "%[1]v begins with zeros, which a number would lose.",
	"bad_cell/digits":            "%[1]v is a number of more than 38 digits.",
	"bad_cell/whole":             "%[1]v is not a whole number of 64 bits.",
	"bad_cell/least":             "%[1]v must be %v or more.",
	"bad_cell/boolean":           "%[1]v must be true or false.",
	"bad_cell/json":              "%[1]v is not JSON.",
	"bad_cell/too_deep":          "%[1]v has more than %v levels of arrays and objects.",
	"bad_cell/scalar":            "%[1]v must be a text or a number, not %v.",
	"bad_cell/record":            "%[1]v must be a record or an array of records; there is %v.",

	"too_many_changes/items":        "The row changes %v items at once, with what finds its customer; at most %v can change together.",
	"profile_disabled":              "%[1]v: the customer is disabled and spends no points.",
	"insufficient_points/available": "%[1]v: %v points are available, %v are not.",
	"insufficient_points/negative":  "%[1]v: it would leave %v points, which the setting negative_on_reversal does not allow.",
	"too_many_points/figure":        "%[1]v: no figure of points may come to more than %v.",
	"too_many_points/debt":          "%[1]v: no debt of points may come to more than %v.",
	"order_other":                   "%[1]v: an order with this id came before, with other content.",
	"order_of_other":                "%[1]v: an order with this id came before, from another customer.",
}
