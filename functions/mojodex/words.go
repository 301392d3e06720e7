package mojodex

// A vocabulary serves the routes that there are twice, in its words.
type vocabulary struct {
	words
	Dialect
}

// Words are what the two vocabularies call the same things: paths, members, and
// what stands before the text of a client error.
type words struct {
	categoryPath, category, categories, updatingCategory             string
	productPath, product, products, creatingProduct, changingProduct string
	linkPath, link, linking                                          string
	purchasePath, purchase, purchasing, ending                       string
	// label and inCategory are members of a new product.
	label, inCategory string
	// bounded: a new product names its price and its bounds.
	bounded bool
	// alias may stand for product in an assignment; the guide sends profile_pk to
	// /manual_purchase.
	alias string
}

var productWords = words{
	categoryPath: "/product_category", category: "product_category_pk", categories: "product_categories",
	updatingCategory: "Error while updating product category: ",
	productPath:      "/product", product: "product_pk", products: "products",
	creatingProduct: "Error while creating product: ", changingProduct: "Error while updating product: ",
	linkPath: "/product_task_association", link: "product_task_association_pk",
	linking:      "Error while creating product_task_association: ",
	purchasePath: "/manual_purchase", purchase: "purchase_pk", purchasing: "Error while creating purchase: ",
	ending: "Error while deactivating purchase: update_purchase: Purchase Manager::  deactivate_purchase : ",
	label:  "product_label", inCategory: "product_category_pk", bounded: true, alias: "profile_pk",
}

var profileWords = words{
	categoryPath: "/profile_category", category: "profile_category_pk", categories: "profile_categories",
	updatingCategory: "Error while updating profile category: ",
	productPath:      "/profile", product: "profile_pk", products: "profiles",
	creatingProduct: "Error while creating profile: ", changingProduct: "Error while updating profile: ",
	linkPath: "/profile_task_association", link: "profile_task_association_pk",
	linking:      "Error while creating profile_task_association: ",
	purchasePath: "/role", purchase: "role_pk", purchasing: "Error while creating role: ",
	ending: "Error while deactivating role: ",
	label:  "profile_label", inCategory: "profile_category_pk", alias: "profile_pk",
}
