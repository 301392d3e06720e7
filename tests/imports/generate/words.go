package generate

// scripts are five in which names are written.
var scripts = []struct {
	country     string
	first, last []string
}{
	{"VN", []string{"Nguyễn", "Thị Hồng", "Đức", "Ánh"}, []string{"Trần", "Phạm", "Lê Văn", "O'Brien"}},
	{"RU", []string{"Иван", "Ольга", "Пётр", "Анна-Мария"}, []string{"Петров", "Щербакова", "Ёлкин", "Салтыков-Щедрин"}},
	{"EG", []string{"محمد", "فاطمة", "علي"}, []string{"الحسن", "عبد الله", "منصور"}},
	{"CN", []string{"小明", "丽", "志强"}, []string{"王", "欧阳", "李"}},
	{"IN", []string{"अनिल", "प्रिया", "राम"}, []string{"शर्मा", "सिंह", "गुप्ता"}},
}

// latin are what addresses begin with.
var latin = []string{"i.petrov", "ann", "nguyen.thi", "wang_xm", "o-brien", "m.ali+shop"}

var cities = []string{"", "Moscow", "Hà Nội", "Санкт-Петербург", "القاهرة", "北京", "São Paulo, SP", "\"The\" Hague"}

// notes have what is hard on files: line breaks, quotes, delimiters, and beginnings
// that are formulas to a spreadsheet.
var notes = []string{
	"", "calls back", "line one\nline two", "\"quoted\", and; more\nof it", "=SUM(A1:A9)", "+1 more", "-5 %", "@home", "=HYPERLINK(\"http://example.com\")\n=2",
	"a\tb", "\U0001f600 ok", "x, y, z", "\"\"", " blanks around ", "first\n\nthird",
}
