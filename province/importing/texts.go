package importing

import "jike/province/job"

// What becomes of a line, beside refusing it.
const (
	outcomeCreated   = "created"
	outcomeChanged   = "changed"
	outcomeSame      = "same"
	outcomeRestored  = "restored"
	outcomeWithdrawn = "withdrawn"
)

// texts are the words of a result file, Chinese and English: outcomes, reasons, and the fields that reasons are about.
var texts = job.Words(map[string][2]string{
	outcomeCreated: {"新建", "created"}, outcomeChanged: {"修改", "changed"}, outcomeSame: {"无变化", "no change"},
	outcomeRestored: {"已恢复", "restored"}, outcomeWithdrawn: {"已移除", "removed"},

	"customer.look_alikes":          {"名称与已有客户相近", "the name is near-equal to that of other customers"},
	"customer.credit_code.exists":   {"统一社会信用代码已被使用", "another customer has the credit code"},
	"customer.unknown":              {"没有这个客户，或不在您的范围内", "no such customer, or not within your scope"},
	"customer.merged":               {"客户已并入其他客户", "the customer was merged into another"},
	"customer.manager.unknown":      {"没有这位客户经理，或不在您的范围内", "no such account manager, or not within your scope"},
	"customer.parent.unknown":       {"没有这个上级集团，或不在您的范围内", "no such parent, or not within your scope"},
	"customer.parent.circle":        {"上级集团是该客户的下级", "the parent stands below the customer"},
	"customer.name.missing":         {"没有名称", "no name"},
	"customer.city.other_province":  {"城市不在本省", "the city is in another province"},
	"customer.postcode.format":      {"邮政编码应为 6 位数字", "a postcode has 6 digits"},
	"customer.lifecycle.beginning":  {"新客户只能是潜在或在网", "a new customer is potential or active"},
	"customer.lifecycle.transition": {"生命周期不能这样变化", "the life cycle has no such step"},
	"customer.licence.incomplete":   {"证件类型和号码应同时填写", "a document has a type and a number"},
	"permission.missing":            {"您没有决定这一项的权限", "you may not decide this field"},
	"import.twice":                  {"与前面的行重复", "an earlier line states the same"},
	"import.key.empty":              {"没有填写匹配项", "the fact by which customers are recognised is empty"},
	"import.ambiguous":              {"有多个客户使用这个名称", "several customers have this name"},
	"import.exists":                 {"客户已存在", "the customer is there already"},
	"import.manager.needed":         {"请填写客户经理", "an account manager must be stated"},
	"import.yes_no":                 {"应为“是”或“否”", "the value is yes or no"},
	"import.changed_since":          {"导入之后已被修改", "changed since the import"},
	"import.in_use":                 {"导入之后已有其他资料引用", "other records refer to it"},
	"credit_code.too_short":         {"统一社会信用代码不足 18 位", "a credit code has 18 characters, this one fewer"},
	"credit_code.too_long":          {"统一社会信用代码超过 18 位", "a credit code has 18 characters, this one more"},
	"credit_code.character":         {"统一社会信用代码含有不允许的字符", "a character that no credit code has"},
	"credit_code.check_digit":       {"统一社会信用代码校验位不符", "the credit code's check digit is wrong"},

	"credit_code.organisation_check_digit": {"统一社会信用代码中的主体标识码校验位不符", "the check digit of the code's organisation part is wrong"},

	"industry.unknown":    {"不认识的行业", "unknown industry"},
	"city.unknown":        {"不认识的城市", "unknown city"},
	"class.unknown":       {"不认识的客户等级", "unknown class"},
	"lifecycle.unknown":   {"不认识的生命周期", "unknown state of the life cycle"},
	"amount.format":       {"金额格式不正确", "no amount"},
	"amount.decimals":     {"金额最多两位小数", "an amount has at most two decimals"},
	"amount.range":        {"金额过大", "the amount is too large"},
	"input.too_long":      {"文字过长", "a text is too long"},
	"input.format":        {"格式不正确", "the value cannot be read"},
	"input.above_maximum": {"大于允许的最大值", "more than the greatest value that is allowed"},
	"input.required":      {"必填项没有填写", "a value is required"},
	"attribute.number":    {"应为数字，最多 6 位小数", "no number with at most 6 decimals"},
	"attribute.unknown":   {"该属性已停用", "the attribute is not asked for any more"},
	"input.not_in_list":   {"不是可选的值", "not one of the choices"},
	"input.below_minimum": {"小于允许的最小值", "less than the least value that is allowed"},

	"number": {"集团编号", "number"}, "name": {"名称", "name"}, "creditCode": {"统一社会信用代码", "credit code"}, "industry": {"行业", "industry"},
	"city": {"城市", "city"}, "class": {"客户等级", "class"}, "lifecycle": {"生命周期", "life cycle"}, "manager": {"客户经理", "account manager"},
	"managerId": {"客户经理", "account manager"}, "parent": {"上级集团", "parent"}, "parentId": {"上级集团", "parent"}, "address": {"地址", "address"},
	"postcode": {"邮政编码", "postcode"}, "legalPerson": {"法定代表人", "legal person"}, "registeredCapitalFen": {"注册资本", "registered capital"},
	"headcount": {"员工数", "headcount"}, "annualSalesFen": {"年销售额", "annual sales"}, "organisationType": {"组织类型", "kind of organisation"},
	"licenceType": {"证件类型", "document"}, "licenceNumber": {"证件号码", "document number"}, "creditLevel": {"信用等级", "credit level"},
	"creditLimitFen": {"信用额度", "credit limit"}, "crossProvince": {"跨省", "cross-province"}, "sensitive": {"敏感", "sensitive"},
	"profile": {"企业简介", "profile"}, "remark": {"备注", "remark"},
})
