// Package api converts what the desk returns into the bodies and events of the JSON interface. Its structs are the schemas of the OpenAPI
// document: a field may be added, but never renamed or retyped, since native clients decode them. [MessageText] gives system messages
// their text, for programs and for the pages of each audience. [FileLinks] signs the links to files.
//
// The package knows nothing of HTTP and reads nothing from the database; functions named …Of convert one value of models.
package api
